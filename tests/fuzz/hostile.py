"""Files as a stranger might give them: strategies for what is wrong with them, and what is then to happen."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import math
import os
import resource
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from patience import impatient

from ptarmigan import cli

BUDGET = float(os.environ.get("PTARMIGAN_FUZZ", 0))
"""Seconds for each test by hand; none in the suite, which tries a few inputs, the same ones each time."""
ROUND = 50
"""Inputs that are tried between looks at the clock."""
PATIENCE = 60
"""Seconds that an input may be computed for."""
GROWTH = 3 << 30
"""Bytes of address space that an input may take beside what is there."""
ESCAPES = "\x1b]0;title\x07\x1b[31m\x9b2J\r\n"

texts = st.sampled_from(["", ESCAPES, "x", "nan", "\0", "../../x", "/dev/zero", "é中", "\ud800", "9" * 5000])
numbers = st.sampled_from(
    [0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**400, 0.5, 1e308, -1e308, math.nan, math.inf, -math.inf]
)
simple = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.one_of(
    simple,
    st.lists(simple, max_size=3),
    st.dictionaries(texts, simple, max_size=3),
    st.integers(10, 200).map(lambda depth: nested(depth)),
)


def nested(depth: int) -> list[Any]:
    """Lists in lists."""
    out: list[Any] = []
    for _ in range(depth):
        out = [out]
    return out


def places(plain: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to everything in plain data."""
    if path:
        yield path
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, value in inside:
        yield from places(value, (*path, key))


@st.composite
def changed(draw: st.DrawFn, plain: Any) -> Any:
    """Plain data of which something is replaced, missing, renamed or more."""
    out = copy.deepcopy(plain)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(out))
        if not found:
            return draw(values)
        *path, last = draw(st.sampled_from(found))
        holder = out
        for key in path:
            holder = holder[key]
        how = draw(st.sampled_from(["replaced", "replaced", "gone", "renamed", "wrapped", "copied"]))
        if how == "replaced":
            holder[last] = draw(values)
        elif how == "wrapped":
            holder[last] = [holder[last]]
        elif how == "gone" or not isinstance(holder, dict):
            del holder[last]
        else:
            holder[draw(texts)] = holder[last] if how == "copied" else holder.pop(last)
    return out


@st.composite
def json_bytes(draw: st.DrawFn, plain: Any) -> bytes:
    """JSON of changed data, which may be cut, doubled or no text."""
    text = json.dumps(draw(changed(plain)))
    how = draw(st.sampled_from(["whole", "whole", "whole", "cut", "doubled", "deep", "bytes"]))
    if how == "cut":
        text = text[: draw(st.integers(0, len(text)))]
    elif how == "doubled" and text.startswith('{"'):
        text = text[:-1] + ", " + text[1:]
    elif how == "deep":
        text = "[" * 100_000
    data = text.encode("utf-8", "surrogatepass")
    return draw(damaged(data)) if how == "bytes" else data


@st.composite
def damaged(draw: st.DrawFn, data: bytes, head: int = 0) -> bytes:
    """Bytes that are cut, turned, doubled or overwritten.

    Args:
        draw: hypothesis's.
        data: that are whole.
        head: of how many bytes in the beginning half of the changes are.
    """
    out = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        end = min(head, len(out)) if head and draw(st.booleans()) else len(out)
        at = draw(st.integers(0, max(end - 1, 0)))
        how = draw(st.sampled_from(["cut", "flipped", "number", "number", "doubled", "gone", "more"]))
        if how == "cut":
            del out[at:]
        elif how == "flipped" and out:
            out[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "number":
            size = draw(st.sampled_from([1, 2, 4, 8]))
            number = draw(st.sampled_from([0, 1, (1 << 8 * size) - 1, 1 << (8 * size - 1)]))
            out[at : at + size] = number.to_bytes(size, draw(st.sampled_from(["little", "big"])))
        elif how == "doubled":
            out[at:at] = out[at : at + draw(st.integers(1, 64))]
        elif how == "gone":
            del out[at : at + draw(st.integers(1, 64))]
        else:
            out += bytes(draw(st.sampled_from([1, 1000, 100_000])))
    return bytes(out)


DTYPES = ["<f4", "|u1", "<f8", "<i8", ">u2", "|b1", "<c8", "|O", "<U9", "|S5", "|S0", "<M8[s]", "<f2", "|u9"]
SIZES = [0, 1, 2, 3, 8, 60, -1, 2**31, 2**40, 2**63, 2**70]


@st.composite
def npy(draw: st.DrawFn, shape: tuple[int, ...] = (60, 8, 8), dtype: str = "|u1") -> bytes:
    """An array whose header lies."""
    sizes, dtypes = st.sampled_from(SIZES), st.sampled_from(DTYPES)
    descr = draw(st.one_of(st.just(dtype), dtypes, st.lists(dtypes, max_size=2)))
    shapes = st.one_of(st.just(shape), st.lists(sizes, max_size=5).map(tuple), st.just((1,) * 40), values)
    head = {"descr": descr, "fortran_order": draw(st.one_of(st.booleans(), values)), "shape": draw(shapes)}
    text = f"{head!r}\n".encode(errors="replace")
    if draw(st.booleans()):
        text = draw(damaged(text))
    version = draw(st.sampled_from([1, 1, 1, 2, 3, 0, 255]))
    length = struct.pack("<H", len(text) & 0xFFFF) if version == 1 else struct.pack("<I", len(text))
    data = pattern(draw(st.integers(0, 3)), 60 * 64)
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def pattern(start: int, size: int) -> bytes:
    """Bytes that are the same each time."""
    return bytes((start + 7 * i * i) % 251 for i in range(size))


@st.composite
def idx(draw: st.DrawFn) -> bytes:
    """An idx file whose header lies."""
    sizes = draw(st.lists(st.sampled_from([0, 1, 8, 60, 2**16, 2**31, 2**32 - 1]), max_size=9))
    kind, count = draw(st.sampled_from([8, 8, 8, 9, 13, 255])), draw(st.sampled_from([len(sizes), 0, 1, 255]))
    return bytes([0, 0, kind, count]) + b"".join(struct.pack(">I", n) for n in sizes) + pattern(0, 60 * 64)


@st.composite
def png(draw: st.DrawFn) -> bytes:
    """A picture whose header lies, with the right checksums."""
    sides = [0, 1, 8, 9, 2**15, 2**31 - 1, 2**32 - 1]
    of_header = (sides, sides, [8, 1, 16, 7], [0, 2, 3, 6, 9], [0, 1, 5])
    width, height, depth, colour, lace = (draw(st.sampled_from(each)) for each in of_header)
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, lace)
    packed = zlib.compress(draw(st.sampled_from([bytes(72), b"", pattern(0, 300), bytes(100_000)])))
    comment = b"x\0" + draw(st.sampled_from([ESCAPES.encode(), bytes(10), b"y" * 100_000]))
    chunks = [(b"IHDR", head), (b"tEXt", comment), (b"IDAT", packed), (b"IEND", b"")]
    if draw(st.booleans()):
        chunks = draw(st.permutations(chunks))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks)


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


NUMBERS = ("1", "0.5", "-1e308", "1e400", "nan", "inf", "-0", "0x10", "1_000", "1,5", "\ufeff1", "9" * 400)
WORDS = ("", "x", "é中", "true", "NA", "2020-01-01", "99999-01-01", ";", "x" * 10_000)
MARKS = (ESCAPES, '"', '""', '"a\nb"', "\t", "\0")
CELLS = st.sampled_from((*NUMBERS, *WORDS, *MARKS))


@st.composite
def csv(draw: st.DrawFn) -> bytes:
    """A table with strange cells, names and lines."""
    columns = draw(st.integers(1, 4))
    good = st.sampled_from(["1", "2.5", "3", "a"])
    cell = st.one_of(good, good, CELLS)
    lines = draw(st.lists(st.lists(cell, min_size=columns, max_size=columns), max_size=12))
    head = [draw(st.one_of(st.sampled_from(["a", "b", "c", "d"]), CELLS)) for _ in range(columns)]
    rows = [head, *lines, *([lines[0]] * 30 if lines else [])]
    if draw(st.booleans()):
        rows.insert(draw(st.integers(0, len(rows))), draw(st.lists(CELLS, max_size=6)))
    text = "\n".join(draw(st.sampled_from([",", ",", ";", "\t"])).join(row) for row in rows)
    data = text.encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"])), "replace")
    return draw(damaged(data)) if draw(st.booleans()) else data


@st.composite
def safetensors(draw: st.DrawFn, data: bytes) -> bytes:
    """A file of weights whose header, metadata or bytes are changed."""
    (size,) = struct.unpack("<Q", data[:8])
    head = json.loads(data[8 : 8 + size])
    described = json.loads(head["__metadata__"]["ptarmigan"])
    how = draw(st.sampled_from(["metadata", "metadata", "header", "text", "bytes", "numbers"]))
    if how == "metadata":
        head["__metadata__"]["ptarmigan"] = draw(json_bytes(described)).decode(errors="replace")
    elif how == "header":
        head = draw(changed(head))
    elif how == "bytes":
        return draw(damaged(data, 8 + size))
    text = json.dumps(head, allow_nan=True).encode("utf-8", "surrogatepass")
    if how == "text":
        text = draw(json_bytes(head))
    rest = draw(damaged(data[8 + size :])) if how == "numbers" else data[8 + size :]
    return struct.pack("<Q", len(text)) + text + rest


def run(*arguments: object) -> tuple[int, str, str]:
    """The command line with these words, in this process: its exit code, and what it prints.

    Fails where it takes too long, takes too much memory, or ends in anything but a code.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        for each in (
            impatient(PATIENCE),
            bounded(),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            stack.enter_context(each)
        stack.enter_context(warnings.catch_warnings(action="default"))  # a library's is no error to people
        try:
            cli.main([str(each) for each in arguments])
        except SystemExit as end:
            return int(end.code or 0), out.getvalue(), err.getvalue()
    raise AssertionError("a command ends with an exit code")


def check(found: tuple[int, str, str], name: str, fine: tuple[int, ...] = (0,)) -> None:
    """See that all went well, or that one line says what is wrong, and where: of a file of that name."""
    code, out, err = found
    assert "internal error" not in err, err
    assert "there is not enough memory" not in err, err
    assert code in (2, *fine), (code, err)
    assert not set(out + err) & set("\x1b\x9b\r\x07"), repr(out + err)
    if code == 2:
        *_, last = err.splitlines()
        assert last.startswith("ptarmigan: "), err
        assert name in last, err


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """No more than ``GROWTH`` can be taken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + GROWTH, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def tried(inputs: st.SearchStrategy[Any], few: int, test: Callable[[Any], None]) -> None:
    """Try ``few`` inputs, the same ones each time; by hand others, for ``BUDGET`` seconds."""
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    usual = settings(deadline=None, database=None, suppress_health_check=quiet)
    if not BUDGET:
        settings(usual, max_examples=few, derandomize=True, phases=[Phase.generate])(given(inputs)(test))()
        return
    begun, rounds = time.monotonic(), 0
    while time.monotonic() - begun < BUDGET:
        rounds += 1
        seed(int(time.time() * 1000))(settings(usual, max_examples=ROUND)(given(inputs)(test)))()
    print(f"{rounds * ROUND} inputs in {time.monotonic() - begun:.0f} s")
