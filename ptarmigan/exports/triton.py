"""What Triton wants to know of a model: config.pbtxt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ptarmigan.exports.graph import Port

MOST = 64
"""Samples in a batch that the server puts together."""
TYPES = {
    "bool": "TYPE_BOOL",
    "float32": "TYPE_FP32",
    "float64": "TYPE_FP64",
    "int32": "TYPE_INT32",
    "int64": "TYPE_INT64",
    "uint16": "TYPE_UINT16",
    "uint8": "TYPE_UINT8",
}


def config(name: str, inputs: Sequence[Port], outputs: Sequence[Port]) -> str:
    """The text of config.pbtxt.

    Where a tensor is of no single sample, as what a network drops for all, requests are not put together.

    Args:
        name: of the model.
        inputs: of its graph.
        outputs: of its graph.
    """
    together = all(one.batched for one in (*inputs, *outputs))
    lines = [
        f'name: "{name}"',
        'backend: "onnxruntime"',
        f"max_batch_size: {MOST if together else 0}",
        *(["dynamic_batching { }"] if together else []),
        *(text for one in inputs for text in tensor("input", one, together)),
        *(text for one in outputs for text in tensor("output", one, together)),
    ]
    return "\n".join(lines) + "\n"


def tensor(which: str, one: Port, together: bool) -> Iterator[str]:
    """The lines of an input or output; one without sizes of its own is written as one of size 1."""
    sizes = [-1] * (one.batched and not together) + [*one.shape]
    yield f"{which} [{{"
    yield f'  name: "{one.name}"'
    yield f"  data_type: {TYPES[one.dtype]}"
    yield f"  dims: [ {', '.join(map(str, sizes or [1]))} ]"
    if not sizes:
        yield "  reshape { shape: [ ] }"
    yield "}]"
