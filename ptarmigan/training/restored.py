"""What a checkpoint holds, held against what takes its place: kinds, shapes and numbers.

Torch looks at the shapes of weights alone. A fused optimizer reads as many numbers from what it remembers as
the weights have, also where there are fewer.
"""

from __future__ import annotations

import copy
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ptarmigan.core.errors import REASON


@contextmanager
def goes_on(folder: Path, because: str = "") -> Iterator[None]:
    """Say of a run whose checkpoint does not fit that it cannot go on.

    Args:
        folder: of the run.
        because: what is known of the reason.

    Raises:
        ValueError: it does not fit.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        first, _, rest = str(error).partition("\n")  # torch's reasons follow a line
        reason = shorten(" ".join((rest or first).split()), REASON, placeholder=" …")
        problem = f"{folder} cannot go on: {because}what was saved does not fit"
        raise ValueError(f"{problem} ({reason}); train into another --out") from error


def tensor(saved: object, *shape: int | None) -> Tensor:
    """A tensor of floating-point numbers of this shape; None is any size.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(saved, Tensor):
        raise ValueError(f"there is no tensor but a value of type {type(saved).__name__}")
    there = tuple(saved.shape)
    if len(there) != len(shape) or any(want not in (None, n) for n, want in zip(there, shape, strict=True)):
        raise ValueError(f"a tensor has the shape {there}")
    if saved.layout != torch.strided or saved.is_meta or not saved.is_floating_point():
        raise ValueError(f"a tensor holds no numbers, or {saved.dtype}")
    if (saved.storage_offset() + saved.numel()) * saved.itemsize > saved.untyped_storage().nbytes():
        raise ValueError("a tensor has fewer numbers than its shape says")
    return saved.detach()


def optional_tensor(saved: object, *shape: int | None) -> Tensor | None:
    """The same, or None."""
    return None if saved is None else tensor(saved, *shape)


def optimizer_state(saved: Any, optimizer: Optimizer) -> dict[str, Any]:
    """The state of an optimizer from a checkpoint, as the optimizer can load it.

    Numbers such as decay rates are those that were saved, switches are the optimizer's own.

    Raises:
        ValueError: it does not fit.
        LookupError: something is missing.
        TypeError: something is of another type.
    """
    now = optimizer.state_dict()["param_groups"]
    groups = saved["param_groups"]
    sizes, wanted = ([len(group["params"]) for group in each] for each in (groups, now))
    if sizes != wanted:
        raise ValueError(f"an optimizer holds {wanted} parameters, and held {sizes}")
    places = [place for group in groups for place in group["params"]]
    kept = zip(places, remembered(optimizer), strict=True)
    return {
        "state": {
            i: of_parameter(saved["state"][place], usual)
            for i, (place, usual) in enumerate(kept)
            if place in saved["state"]
        },
        "param_groups": [
            {name: numbers(old.get(name, value), value) for name, value in new.items()}
            for old, new in zip(groups, now, strict=True)
        ],
    }


def of_parameter(saved: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """What was saved of one parameter, held against what is usually kept of it.

    Raises:
        ValueError: something is missing, or something else.
    """
    missing = usual.keys() - saved.keys()
    if saved and missing:
        raise ValueError(f"an optimizer's {min(missing)} is missing")
    return {name: numbers(value, usual[name]) if name in usual else value for name, value in saved.items()}


def remembered(optimizer: Optimizer) -> list[dict[str, Any]]:
    """What an optimizer keeps of every parameter after a step, without numbers.

    Nothing where it cannot make a step without numbers.
    """
    groups = [
        {
            **group,
            **({"fused": False} if "fused" in group else {}),
            "params": [nn.Parameter(torch.empty_like(p, device="meta")) for p in group["params"]],
        }
        for group in optimizer.param_groups
    ]
    twin = copy.copy(optimizer)
    twin.state, twin.param_groups = defaultdict(dict), groups
    held = [p for group in groups for p in group["params"]]
    for p in held:
        p.grad = torch.empty_like(p)
    try:
        twin.step()
    except Exception:  # anybody's optimizer may look at numbers, or need what a copy has not got
        return [{} for _ in held]
    return [twin.state.get(p, {}) for p in held]


def numbers(saved: Any, now: Any) -> Any:
    """What was saved, where that is a number or several; all else as it is now.

    Raises:
        ValueError: there was a number, and is none.
    """
    if isinstance(now, Tensor):
        return tensor(saved, *now.shape)
    if isinstance(now, tuple):
        if not isinstance(saved, list | tuple) or len(saved) != len(now):
            raise ValueError(f"{len(now)} numbers are something else")
        return tuple(numbers(*pair) for pair in zip(saved, now, strict=True))
    if isinstance(now, bool) or not isinstance(now, int | float):
        return now
    most = sys.float_info.max
    if isinstance(saved, bool) or not isinstance(saved, int | float) or not -most <= saved <= most:
        raise ValueError("a number is something else")
    return saved
