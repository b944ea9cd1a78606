"""Data of strangers: whatever is wrong with a file ends in a line."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hostile
import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from ptarmigan import api

QUICK: dict[str, Any] = {"steps": 2, "width": 8, "batch": 8, "score_every": 0, "sample_every": 0}
KINDS = st.sampled_from(["", "", "image", "table", "series", "vector", "point"])


def pixels(seed: int) -> np.ndarray[Any, Any]:
    return np.frombuffer(hostile.pattern(seed, 64), np.uint8).reshape(8, 8)


def picture(form: str, seed: int = 0) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels(seed)).save(file, form)
    return file.getvalue()


def zipped(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, how)
    return file.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


FORMS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "ICO", "PCX")
PICTURES = {f"{i}.png": picture("PNG", i) for i in range(12)}
NAMES = ("x.png", "x.jpg", "x.gif", "x.tif", "x.webp", "x.jfif", "x.bmp", "x.heic", "x.svg", "x.psd", "x.eps")
some_picture = st.one_of(
    hostile.png(), st.sampled_from(FORMS).flatmap(lambda form: hostile.damaged(picture(form), 64))
)
array = st.one_of(hostile.npy(), hostile.npy((60, 5), "<f4"))


@st.composite
def npz(draw: st.DrawFn) -> bytes:
    names = st.sampled_from(["x.npy", "y.npy", "X", "labels.npy", "x_train.npy", "x_test.npy", "\x1b[31m"])
    return draw(packed(draw(st.dictionaries(names, array, max_size=3))))


@st.composite
def packed(draw: st.DrawFn, members: dict[str, bytes]) -> bytes:
    kinds = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    data = zipped(members, draw(st.sampled_from(kinds)))
    return draw(hostile.damaged(data)) if draw(st.booleans()) else data


@st.composite
def archives(draw: st.DrawFn) -> tuple[str, bytes]:
    names = ["x", "../x", "/x", "a/x", "C:x", "\0", "", "x" * 300, hostile.ESCAPES]
    members = {**PICTURES, f"{draw(st.sampled_from(names))}.png": draw(some_picture)}
    if draw(st.booleans()):
        return "x.zip", draw(packed(members))
    data, ending = tarred(members), draw(st.sampled_from([".tar", ".tar.gz", ".tgz"]))
    data = draw(hostile.damaged(data, 512)) if draw(st.booleans()) else data
    data = data if ending == ".tar" else gzip.compress(data, mtime=0)
    return f"x{ending}", draw(hostile.damaged(data, 16)) if draw(st.booleans()) else data


@pytest.fixture(scope="module")
def describe(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """Writes a file, and describes it."""
    place = tmp_path_factory.mktemp("data")

    def call(name: str, data: bytes, kind: str = "", beside: bool = False) -> None:
        folder = place / ("beside" if beside else "alone")
        folder.mkdir(exist_ok=True)
        for other, good in PICTURES.items() if beside else ():
            (folder / other).write_bytes(good)
        file = folder / name
        file.write_bytes(data)
        try:
            words = ("data", folder if beside else file, *(("--kind", kind) if kind else ()))
            hostile.check(hostile.run(*words), "beside" if beside else name)
        finally:
            file.unlink()

    return call


def test_pictures(describe: Callable[..., None]) -> None:
    inputs = st.tuples(st.sampled_from(NAMES), some_picture, st.booleans())
    hostile.tried(inputs, 40, lambda x: describe(x[0], x[1], beside=x[2]))


def test_arrays(describe: Callable[..., None]) -> None:
    arrays = st.one_of(st.tuples(st.just("x.npy"), array), st.tuples(st.just("x.npz"), npz()))
    hostile.tried(st.tuples(arrays, KINDS), 60, lambda x: describe(*x[0], x[1]))


def test_idx(describe: Callable[..., None]) -> None:
    plain = st.tuples(st.just("x-idx3-ubyte"), hostile.idx())
    gz = plain.map(lambda x: (x[0] + ".gz", gzip.compress(x[1], mtime=0)))
    broken = gz.flatmap(lambda x: st.tuples(st.just(x[0]), hostile.damaged(x[1])))
    hostile.tried(st.one_of(plain, gz, broken), 30, lambda x: describe(*x))


def test_archives(describe: Callable[..., None]) -> None:
    hostile.tried(archives(), 30, lambda x: describe(*x))


def test_tables(describe: Callable[..., None]) -> None:
    names = st.sampled_from(["x.csv", "x.csv", "x.tsv", "x.csv.gz", "x.csv.zip"])

    def packed_as(x: tuple[str, bytes]) -> tuple[str, bytes]:
        name, data = x
        data = gzip.compress(data, mtime=0) if name.endswith("gz") else data
        return name, zipped({"x.csv": data}) if name.endswith("zip") else data

    hostile.tried(
        st.tuples(st.tuples(names, hostile.csv()).map(packed_as), KINDS), 40, lambda x: describe(*x[0], x[1])
    )


def test_parquet(describe: Callable[..., None]) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    file = io.BytesIO()
    pandas.DataFrame({"a": range(60), "b": ["x", "y"] * 30}).to_parquet(file)
    hostile.tried(hostile.damaged(file.getvalue()), 30, lambda x: describe("x.parquet", x))


@st.composite
def wav(draw: st.DrawFn) -> bytes:
    """A sound whose header lies."""
    number = st.sampled_from([0, 1, 2, 3, 8, 16, 24, 8000, 0xFFFE, 2**16 - 1, 2**31, 2**32 - 1])
    kind, channels, align, bits = (draw(number) & 0xFFFF if draw(st.booleans()) else n for n in (1, 1, 2, 16))
    rate, size, whole = (draw(number) if draw(st.booleans()) else n for n in (8000, 4000, 4036))
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * align & 0xFFFFFFFF, align, bits)
    head = b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + struct.pack("<I", 16) + form
    data = head + b"data" + struct.pack("<I", size) + hostile.pattern(0, 4000)
    return draw(hostile.damaged(data, 44)) if draw(st.booleans()) else data


def test_sounds(describe: Callable[..., None]) -> None:
    hostile.tried(wav(), 20, lambda x: describe("x.wav", x, "sound"))


def test_texts(describe: Callable[..., None]) -> None:
    lines = [
        b"a b c",
        b"b c d e",
        b"",
        b"\xff\xfe",
        "é中".encode(),
        b"x" * 10_000,
        b"\0",
        b"{",
        b'{"text": 3}',
    ]
    names = st.sampled_from(["x.txt", "x.txt.gz", "x.jsonl", "x.tsv"])

    def text(x: tuple[str, list[bytes]]) -> tuple[str, bytes]:
        data = b"\n".join(x[1] * 3)
        return x[0], gzip.compress(data, mtime=0) if x[0].endswith("gz") else data

    inputs = st.tuples(names, st.lists(st.sampled_from(lines), max_size=12)).map(text)
    hostile.tried(inputs, 20, lambda x: describe(*x, "text"))


def test_what_is_no_data_at_all(describe: Callable[..., None]) -> None:
    endings = ("wav", "mp4", "json", "txt", "png", "npy", "zip", "csv", "pt", "py", "safetensors")
    names = ["x", *(f"x.{ending}" for ending in endings)]
    heads = [b"RIFF\xff\xff\xff\xffWAVEfmt ", b"\0\0\0\x18ftypheic", b"%PDF-1.4", b"PK\3\4", b"\x89PNG", b""]
    body = st.one_of(st.binary(max_size=200), st.just(bytes(10_000)), st.just(b"1,2\n" * 50))
    data = st.tuples(st.sampled_from(heads), body).map(b"".join)
    hostile.tried(st.tuples(st.sampled_from(names), data, KINDS), 40, lambda x: describe(*x))


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("detector")
    np.savez(place / "rows.npz", x=np.linspace(0, 1, 300, dtype=np.float32).reshape(60, 5) ** 2)
    data, out = str(place / "rows.npz"), place / "run"
    api.train("anomaly.ganomaly", data=data, out=out, quiet=True, report=False, **QUICK)
    return place


def test_rows_to_detect_anomalies_in(detector: Path) -> None:
    def detect(x: tuple[str, bytes]) -> None:
        data, out = detector / x[0], detector / "out.csv"
        data.write_bytes(x[1])
        hostile.check(hostile.run("detect", detector / "run", data, "--out", out), x[0])
        out.unlink(missing_ok=True)

    files = [("x.npy", hostile.npy((60, 5), "<f4")), ("x.npz", npz()), ("x.csv", hostile.csv())]
    hostile.tried(st.one_of(*(st.tuples(st.just(name), each) for name, each in files)), 10, detect)
