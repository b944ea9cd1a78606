"""Graphs as ONNX, and ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.exports.graph import Captured, refusals
from ptarmigan.media.optional import needs

OPSET = 20
LARGEST = 2 << 30
"""Bytes of a file in Google's protocol buffers, at most."""
WHY = "ONNX needs onnx, onnxscript and onnxruntime"


def check_installed() -> None:
    """See that all that ONNX needs is there.

    Raises:
        MissingPackageError: it is not.
    """
    for package in ("onnx", "onnxscript", "onnxruntime"):
        needs(package, extra="onnx", why=WHY)


def to_onnx(captured: Captured, metadata: Mapping[str, str]) -> bytes:
    """A graph as one ONNX file, opset 20, with its weights.

    Args:
        captured: the graph.
        metadata: what the file says of itself.

    Raises:
        ValueError: an operation has no place in ONNX, or the file would be larger than such files can be.
    """
    check_installed()
    with refusals(captured.function):
        program: Any = torch.onnx.export(
            captured.program,
            dynamo=True,
            opset_version=OPSET,
            input_names=[one.name for one in captured.inputs],
            output_names=[one.name for one in captured.outputs],
            external_data=False,
            verbose=False,
        )
        model = program.model_proto
    for name, words in metadata.items():
        model.metadata_props.add(key=name, value=words)
    if model.ByteSize() >= LARGEST:
        raise ValueError("its weights are 2 GB or more, and an ONNX file holds less: use --to pt2")
    data: bytes = model.SerializeToString()
    return data


class Session:
    """An ONNX graph in ONNX Runtime, on the processor.

    Args:
        data: of the file.
        threads: at most; as many as there are cores when 0.
    """

    def __init__(self, data: bytes, threads: int = 1) -> None:
        runtime = needs("onnxruntime", extra="onnx", why=WHY)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.runtime = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        self.inputs = [one.name for one in self.runtime.get_inputs()]

    def __call__(self, given: Sequence[Tensor]) -> list[NDArray[Any]]:
        """The outputs of inputs, in the graph's order."""
        feed = {name: np.ascontiguousarray(one.numpy()) for name, one in zip(self.inputs, given, strict=True)}
        found: list[NDArray[Any]] = self.runtime.run(None, feed)
        return found
