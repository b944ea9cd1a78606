"""A survey of image files by their headers: the form that all have, and which are bad."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.cache import remembered
from ptarmigan.data.in_order import in_order
from ptarmigan.data.permutation import Indices
from ptarmigan.modalities.image.decode import MOST_BYTES, Form, header, union
from ptarmigan.modalities.image.reading import Target
from ptarmigan.modalities.image.splits import Files

START = 1 << 16
"""Bytes in which most headers lie."""
BAD_SHARE = 0.1
VERSION = "1"
"""Names what is cached; to be changed with the decoding."""


def surveyed(parts: list[Files], target: Target) -> tuple[Form, list[dict[int, str]]]:
    """The form of all files by their headers, and the faults of those that are bad, a dictionary a part.

    Raises:
        ValueError: sizes differ and none is asked for, or more than a tenth of the files is bad.
    """
    name = cache_name(parts, target) + ".json"
    plain = remembered("surveys", name, lambda: survey(parts, target))
    return Form(*plain["form"]), [{int(k): v for k, v in bad.items()} for bad in plain["bad"]]


def cache_name(parts: list[Files], target: Target) -> str:
    """Names what is read of these files."""
    digest = hashlib.blake2b(repr((VERSION, target)).encode(), digest_size=16)
    for files in parts:
        digest.update(files.container.stamp().encode() + b"\0" + files.members.tobytes() + b"\0")
    return digest.hexdigest()


def survey(parts: list[Files], target: Target) -> dict[str, Any]:
    """The form of a set and its bad files, by the headers of all files."""
    found = [headers(files, target) for files in parts]
    good = [files.take(places) for files, (places, _, _) in zip(parts, found, strict=True)]
    ends = np.cumsum([0, *(len(files) for files in good)])

    def name(row: int) -> str:
        part = int(np.searchsorted(ends, row, "right")) - 1
        return good[part].name(row - int(ends[part]))

    forms = np.concatenate([forms for _, forms, _ in found])
    form = common_form(forms, name, target, parts[0].container.where)
    return {"form": list(form), "bad": [bad for _, _, bad in found]}


def headers(files: Files, target: Target) -> tuple[Indices, NDArray[np.int64], dict[int, str]]:
    """Which files are good, their forms, one a row, and the others' faults.

    Raises:
        ValueError: more than a tenth of the files is bad.
    """
    places, forms, bad = [], [], {}

    def work(begin: int, end: int) -> list[tuple[int, Form | str]]:
        return [(place, _form(files, place, target)) for place in range(begin, end)]

    for chunk in in_order(work, len(files), "Looking at images"):
        for place, form in chunk:
            if isinstance(form, str):
                bad[place] = form
            else:
                places.append(place)
                forms.append(form)
    check_share(listed(files, bad), len(files), files.container.where)
    return np.array(places, np.int64), np.array(forms, np.int64), bad


def _form(files: Files, place: int, target: Target) -> Form | str:
    form = _whole_form(files, place)
    if not target.half or isinstance(form, str):
        return form
    return form._replace(width=form.width // 2) if form.width % 2 == 0 else "no two pictures of one width"


def _whole_form(files: Files, place: int) -> Form | str:
    container, i = files.container, int(files.members[place])
    if container.sizes[i] > MOST_BYTES:
        return f"larger than {MOST_BYTES >> 20} MB"
    try:
        try:
            return header(container.read(i, START))
        except ValueError:  # a header that goes on, or a TIFF with its directory at the end
            if container.sizes[i] <= START:
                raise
            return header(container.read(i))
    except OSError as error:
        return error.strerror or "cannot be read"
    except ValueError as error:
        return str(error)


def common_form(forms: NDArray[np.int64], names: Callable[[int], str], target: Target, where: str) -> Form:
    """The form that holds images of all ``forms``, one a row.

    Raises:
        ValueError: sizes differ, and none is asked for.
    """
    channels, bits = union(set(forms[:, 2].tolist()), set(forms[:, 3].tolist()))
    if target.size:
        return Form(*target.size, channels, bits)
    other = np.flatnonzero((forms[:, :2] != forms[0, :2]).any(1))
    if len(other):
        (h, w), (h2, w2) = forms[0, :2], forms[other[0], :2]
        raise ValueError(
            f"{where}: images differ in size: {names(0)} is {h}x{w}, {names(int(other[0]))} is {h2}x{w2} "
            f"(height x width); choose one, such as --size {min(h, w, h2, w2)}x{min(h, w, h2, w2)}"
        )
    return Form(int(forms[0, 0]), int(forms[0, 1]), channels, bits)


def listed(files: Files, bad: dict[int, str]) -> list[str]:
    """Bad files, each ``name: reason``."""
    return [f"{files.name(place)}: {reason}" for place, reason in sorted(bad.items())]


def check_share(bad: list[str], total: int, where: str) -> None:
    """More than a tenth of bad files, or nothing but bad ones, is an error.

    Raises:
        ValueError: so it is; the message names the first.
    """
    if len(bad) > BAD_SHARE * total or len(bad) == total:
        raise ValueError(f"{where}: {len(bad)} of {total} images cannot be read, for example {bad[0]}")
