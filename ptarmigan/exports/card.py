"""A model card: what was exported, how it is used, how good it is, and how it was made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ptarmigan.core.text import printable
from ptarmigan.evaluation.markdown import inline, table
from ptarmigan.exports.graph import Port
from ptarmigan.exports.verify import TOLERANCE, Verified

USE = {
    "onnx": """`use.py` needs `onnxruntime` and `numpy` alone:

```bash
pip install onnxruntime numpy
python use.py --n 16 --seed 0 --out samples.npz
python use.py --check
```

```python
from use import Model
found = Model()(n=16, seed=0)   # a dictionary of arrays; the second time with another seed, others
```

`--check` computes what `check.npz` holds, inputs and outputs of torch, and says how far they are apart: other
languages can be held against the same file.""",
    "pt2": """The `.pt2` files need `torch` alone:

```python
import torch
graph = torch.export.load("FIRST.pt2").module()
outputs = graph(*inputs)   # in the order of the table
```

`check.npz` holds inputs, and the outputs of torch.""",
    "triton": """This folder is a model repository of [Triton](https://github.com/triton-inference-server/server):

```bash
tritonserver --model-repository=$PWD
```

The server puts requests of up to 64 samples together where every input of the table has one row a sample.
`check.npz` holds inputs, and the outputs of torch.""",
}


def card(
    config: Mapping[str, Any],
    ports: Mapping[str, tuple[Sequence[Port], Sequence[Port]]],
    verified: Mapping[str, Verified],
    scores: Mapping[str, Any] | None,
    command: str,
) -> str:
    """The card as Markdown.

    Args:
        config: what config.json says.
        ports: inputs and outputs of every function.
        verified: how near every function is to torch.
        scores: as scores.json has them; None where there are none.
        command: that made the run.
    """
    form = config["format"]
    return (
        "\n\n".join(
            [
                front_matter(config),
                f"# {inline(config['recipe'])}\n\nA trained run of ptarmigan, "
                f"exported as {form} from the EMA weights after step {config['step']:,}. Its samples are "
                f"{inline(config['words'])}.",
                "## Use\n\n" + USE[form].replace("FIRST", next(iter(ports))),
                *(function(name, config, *both) for name, both in ports.items()),
                "## How near it is to torch\n\n" + "\n".join(nearness(verified)),
                "## Scores\n\n" + table(scores, "export again"),
                f"## How it was made\n\n```bash\n{fenced(command)}\n```\n\nptarmigan "
                f"{inline(config['versions']['ptarmigan'])}, torch {inline(config['versions']['torch'])}.",
            ]
        )
        + "\n"
    )


def front_matter(config: Mapping[str, Any]) -> str:
    """What a hub reads."""
    tags = ["gan", "ptarmigan", config["format"], config["recipe"]]
    return f"---\nlibrary_name: ptarmigan\ntags: {json.dumps(tags)}\n---"


def function(name: str, config: Mapping[str, Any], inputs: Sequence[Port], outputs: Sequence[Port]) -> str:
    """A table of what a function is given and gives."""
    head = "| | tensor | form | what |\n|---|---|---|---|"
    rows = [row("in", one) for one in inputs] + [row("out", one) for one in outputs]
    known = config["functions"][name]
    return f"## `{name}` {known['words']} (`{known['file']}`)\n\n" + "\n".join([head, *rows])


def row(which: str, one: Port) -> str:
    """One tensor of the table."""
    shape = ", ".join(["batch"] * one.batched + [str(size) for size in one.shape])
    return f"| {which} | `{one.name}` | {one.dtype} [{shape}] | {inline(one.words)} |"


def nearness(verified: Mapping[str, Verified]) -> Iterable[str]:
    """A line for every function."""
    for name, found in verified.items():
        yield (
            f"- `{name}`: {found.words} of the largest number of an output or of 1 ({TOLERANCE:.0e} is "
            f"allowed); of whole numbers, such as pixels, {found.equal:.2%} are the same"
        )


def fenced(words: str) -> str:
    """Text of anybody within a block of code."""
    return printable(words).replace("```", "'''")
