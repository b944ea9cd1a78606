"""Nothing that has the name of a file is waited for, and nothing that a file promises is believed."""

import ast
import gzip
import io
import os
import shutil
import socket
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from patience import impatient
from PIL import Image

import ptarmigan
from ptarmigan.cli import main
from ptarmigan.core import memory
from ptarmigan.core.allocation import CheckedAllocation, asked_for
from ptarmigan.data.cells import read_cells, unpacked
from ptarmigan.data.numbers import read_numbers
from ptarmigan.media import foreign


@pytest.fixture(autouse=True)
def no_waiting():
    """A test that waits for a pipe fails."""
    with impatient(240):
        yield


def said(capsys, *args):
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    return stop.value.code, out, err


def pipe(path):
    """A pipe in place of whatever is there."""
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


@pytest.fixture
def others(tmp_path):
    """Paths of what is no file, by kind."""
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "to-pipe").symlink_to(pipe(tmp_path / "pipe"))
    (tmp_path / "folder").mkdir()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    yield {
        "pipe": "a pipe",
        "to-pipe": "a pipe",
        "link": "a device",
        "folder": "a folder",
        "socket": "a socket",
    }
    listening.close()


@pytest.mark.parametrize(
    "read", [foreign.regular, foreign.open_binary, foreign.open_text, foreign.read_bytes]
)
def test_only_files_are_opened(read, others, tmp_path):
    for name, kind in others.items():
        with pytest.raises(ValueError, match=f"is {kind} and no file"):
            read(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing")


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "regular", Path)
    with pytest.raises(ValueError, match="a pipe"):
        foreign.open_binary(pipe(tmp_path / "pipe"))


def test_a_file_and_a_link_to_one_are_read(tmp_path):
    (tmp_path / "file").write_bytes(b"ab\n\xff")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name in ("file", "link"):
        assert foreign.read_bytes(tmp_path / name) == b"ab\n\xff"
        with foreign.open_text(tmp_path / name, errors="replace") as file:
            assert file.readlines() == ["ab\n", "\ufffd"]


def test_no_more_is_read_than_there_is_memory(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(bytes(1000))
    with pytest.raises(ValueError, match=r"is too large: 1000 bytes, and no more than 999 bytes"):
        foreign.read_bytes(path, 999)
    with open(path, "wb") as file:
        file.truncate(1 << 42)
    with pytest.raises(ValueError, match=r"4 TiB of memory"):
        foreign.read_bytes(path)


def test_free_memory_is_the_least_of_all_limits(tmp_path, monkeypatch):
    assert 0 < memory.free_memory() < 1 << 60
    (tmp_path / "max").write_text("5000\n")
    (tmp_path / "current").write_text("2000\n")
    monkeypatch.setattr(memory, "CGROUPS", ((str(tmp_path / "max"), str(tmp_path / "current")),))
    assert memory.free_memory() == 3000
    (tmp_path / "max").write_text("max\n")
    assert memory.free_memory() > 3000
    monkeypatch.setattr(memory, "MEMINFO", str(tmp_path / "nowhere"))
    assert memory.free_memory() > 3000
    with pytest.raises(
        ValueError, match=r"x would take 4 EiB|x would take 4096 PiB of memory, and .* are free: less"
    ):
        memory.check_memory(1 << 62, "x", "less")


def header(descr, shape):
    words = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(words)) + words


ARRAYS = {
    "more than a machine has": header("|u1", (10**9, 10**9)),
    "more than a number holds": header("|u1", (2**70, 8, 8)),
    "negative": header("|u1", (-5, 8, 8)),
    "negative in pairs": header("|u1", (-5, -8, 8)),
    "no number": header("|u1", ("a", 8)),
    "huge and empty": header("|u1", (2**70, 0)),
    "wide values": header("|V2000000000", (10**9,)),
    "many axes": header("|u1", (1,) * 70),
    "objects": header("|O", (3, 3)),
    "fields": header([("a", "<f8"), ("b", "|O")], (3,)),
    "a call": b"\x93NUMPY\1\0" + struct.pack("<H", 14) + b"__import__(1)\n",
    "deep": b"\x93NUMPY\1\0" + struct.pack("<H", 60000) + b"(" * 60000,
    "version": b"\x93NUMPY\xff\xff" + bytes(100),
    "cut": b"\x93NUMPY\1",
    "long header": b"\x93NUMPY\2\0" + struct.pack("<I", 2**32 - 1) + b"{",
    "empty": b"",
}


@pytest.mark.parametrize("content", ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_promise_too_much_are_one_line(content, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("a.npy").write_bytes(content)
    for name in ("b.npz", "c.npz"):
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.npy" if name == "b.npz" else "images.npy", content)
    for path in ("a.npy", "b.npz", "c.npz"):
        for command in (
            ("data", path),
            ("data", path, "--kind", "image"),
            ("data", path, "--kind", "vector"),
        ):
            code, _, err = said(capsys, *command)
            assert (code, len(err.strip().splitlines()) <= 2) == (2, True), err
            assert "internal error" not in err


def test_what_is_packed_tighter_than_data_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(foreign, "UNPACKED_MORE", 1 << 20)
    big = tmp_path / "big.npz"
    np.savez_compressed(big, x=np.zeros((1 << 20, 8)))
    with pytest.raises(ValueError, match="far more than data do"):
        read_numbers(big)
    table = tmp_path / "t.csv.gz"
    table.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * (1 << 20)))
    with pytest.raises(ValueError, match="far more than data do"):
        read_cells(table)
    two = tmp_path / "t.csv.zip"
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("b", "1")
    with pytest.raises(ValueError, match="one file"), unpacked(two):
        pass


def test_cells_are_counted_before_any_is_read(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 1000)
    read_cells(path)
    monkeypatch.setattr(memory, "free_memory", lambda: 10_000)
    with pytest.raises(ValueError, match=r"t\.csv would take .* of memory, and 9\.766 KiB are free"):
        read_cells(path)


def test_an_archive_of_states_is_not_packed():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"abc")
    assert foreign.is_stored(file, len(file.getvalue()))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(1000))
    assert not foreign.is_stored(file, len(file.getvalue()))
    assert not foreign.is_stored(io.BytesIO(b"PK"), 2)


ENDINGS = (
    *(
        "csv",
        "tsv",
        "csv.gz",
        "csv.zip",
        "csv.xz",
        "npy",
        "npz",
        "parquet",
        "pq",
        "png",
        "zip",
        "tar",
        "tar.gz",
    ),
    *("safetensors", "idx3-ubyte", "idx3-ubyte.gz", "mp4", "gif", "py"),
)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_pipe_of_any_name_is_one_line(ending, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = pipe(tmp_path / f"x.{ending}")
    kinds = ("image", "table", "series", "vector", "point", "label")
    for command in (
        ("data", path),
        *(("data", path, "--kind", kind) for kind in kinds),
        ("train", path),
        ("train", "toy.gan", "--data", path, "--out", "a"),
        ("train", "translate.pix2pix", "--data", path, "--out", "b"),
        ("sample", path),
        ("score", "--real", path, "--fake", path),
        ("augment", "--data", path),
        ("report", path),
        ("show", path),
    ):
        code, _, err = said(capsys, *command)
        assert code == 2, (command, err)
        assert "internal error" not in err
        assert len(err.strip().splitlines()) == 1


def test_pipes_in_folders_are_left_out_by_name(tmp_path, capsys):
    for i in range(12):
        Image.new("L", (8, 8), i).save(tmp_path / f"{i}.png")
    pipe(tmp_path / "z.png")
    (tmp_path / "y.jpg").symlink_to("/dev/zero")
    code, out, err = said(capsys, "data", tmp_path)
    assert code == 2
    assert "2 of 14" in err
    (tmp_path / "y.jpg").unlink()
    code, out, _ = said(capsys, "data", tmp_path)
    assert code == 0
    assert "z.png" in out
    assert "is a pipe" in out


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    place = tmp_path_factory.mktemp("trained") / "run"
    options = {"width": 8, "steps": 4, "score_samples": 50, "save_every": 2, "device": "cpu"}
    ptarmigan.train("toy.gan", out=place, quiet=True, **options)
    return place


FILES = (
    *("run.json", "log.jsonl", "clock.jsonl", "generator.safetensors", "scores.json", "state-00000004.pt"),
    *("state-00000004.sha256", "samples/training.gif", "samples/step-00000004.png", "report.html"),
)


@pytest.mark.parametrize("name", FILES)
def test_a_pipe_in_a_run_is_not_waited_for(name, trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, "run")
    pipe(Path("run", name))
    options = ("--width", "8", "--steps", "4", "--score-samples", "50", "--save-every", "2", "--quiet")
    for command in (
        ("doctor", "run"),
        ("report", "run"),
        ("sample", "run", "--n", "2", "--out", "a.npz"),
        ("train", "toy.gan", *options, "--out", "run", "--device", "cpu"),
    ):
        code, _, err = said(capsys, *command)
        assert code in (0, 2), err
        assert "internal error" not in err
        assert code == 0 or "pipe" in err


COUNTS = {
    "width": ("train", "toy.gan", "--width", "1000000"),
    "latent": ("train", "toy.gan", "--latent", "10000000000"),
    "batch": ("train", "toy.gan", "--batch", "10000000000"),
    "size": ("train", "image.dcgan", "--data", "digits", "--size", "1024x1024", "--batch", "10000000"),
    "scores": ("train", "toy.gan", "--width", "8", "--steps", "2", "--score-samples", "100000000000"),
    "sample": ("sample", "RUN", "--n", "100000000000", "--out", "a.png"),
    "interpolate": ("interpolate", "RUN", "--n", "1000000000", "--out", "a.gif"),
    "stops": ("interpolate", "RUN", "--stops", "1000000000", "--out", "a.gif"),
    "score": ("score", "RUN", "--n", "100000000000"),
    "length": ("train", "series.timegan", "--data", "sines", "--length", "10000000000"),
}


@pytest.mark.parametrize("command", COUNTS.values(), ids=COUNTS)
def test_what_is_asked_for_is_held_against_memory_first(command, trained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, _, err = said(capsys, *(word.replace("RUN", str(trained)) for word in command), "--device", "cpu")
    assert code == (0 if "--score-samples" in command else 2), err  # training goes on without scores
    assert "memory" in err or "holds at most" in err
    assert "internal error" not in err


def test_tensors_are_held_against_memory_one_by_one(monkeypatch):
    import torch

    assert asked_for((2, 3), {}) == asked_for(((2, 3),), {}) == asked_for((), {"size": (2, 3)}) == 24
    assert asked_for((2, 3), {"device": "meta"}) == asked_for((2, 3), {"device": torch.device("meta")}) == 0
    plain = torch.nn.Linear(3, 4)
    torch.manual_seed(0)
    plain.reset_parameters()
    with CheckedAllocation("x", "smaller"):
        torch.manual_seed(0)
        checked = torch.nn.Linear(3, 4)
    assert torch.equal(plain.weight, checked.weight)
    with (
        CheckedAllocation("x", "smaller"),
        pytest.raises(ValueError, match=r"x would take more than .*smaller"),
    ):
        torch.nn.Linear(10**7, 10**7)
    left = iter([1 << 40, *[1 << 39] * 3, 0])
    monkeypatch.setattr("ptarmigan.core.allocation.free_memory", lambda: next(left))
    with CheckedAllocation("x", "smaller"):
        for _ in range(3):
            torch.empty(1 << 24)
        with pytest.raises(ValueError, match="x would take"):
            torch.empty(1 << 24)


MAY_OPEN = (
    "media/foreign.py",
    "media/files.py",
    "media/tensors.py",
    "core/memory.py",
    "contract/recipes.py",
    "contract/modalities.py",
    "exports/use.py",
    "exports/write.py",
)
"""The files that open files by themselves: the contract reads its own, an export's script has numpy alone."""
READERS = {"safe_open", "ZipFile", "read_schema", "read_metadata", "ParquetFile"}
"""Functions of libraries that open a path."""


def test_nobody_else_opens_files():
    found = [
        f"{file.relative_to(ROOT / 'ptarmigan')}:{line}"
        for file in sorted((ROOT / "ptarmigan").rglob("*.py"))
        if str(file.relative_to(ROOT / "ptarmigan")) not in MAY_OPEN
        for line in openings(file.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "open(path)",
        "open(path, 'rb')",
        "path.open()",
        "path.read_text()",
        "path.read_bytes()",
        "np.load(path)",
        "safe_open(path, 'pt')",
        "zipfile.ZipFile(path)",
        "Image.open(path)",
        "tarfile.open(path)",
        "torch.load(path)",
        "pandas.read_csv(path)",
        "gzip.open(path)",
        "json.load(file)",
        "json.loads(path.read_bytes())",
    ],
)
def test_the_rule_sees(source):
    assert openings(source)


@pytest.mark.parametrize("source", ["open(draft, 'wb')", "safe_open(regular(path), 'pt')", "self.open(x)"])
def test_the_rule_lets_pass(source):
    assert not openings(source)


def openings(source):
    """Lines that open a path for reading by a way of their own."""
    return [n.lineno for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call) and opens(n)]


def opens(call):
    """Whether a call opens a path that nobody looked at."""
    name = ast.unparse(call.func)
    first = ast.unparse(call.args[0]) if call.args else ""
    if name == "open":
        mode = ast.unparse(call.args[1]) if len(call.args) > 1 else "'r'"
        return mode.strip("'").startswith("r")
    if name.endswith((".read_text", ".read_bytes", "path.open", "json.load")):
        return True
    library = name.split(".")[-1] in READERS or name in (
        "np.load",
        "Image.open",
        "tarfile.open",
        "torch.load",
    )
    library = library or name in ("gzip.open", "bz2.open", "lzma.open", "pandas.read_csv")
    return (
        library and not first.startswith(("regular(", "io.BytesIO(", "file", "raw", "whole")) and bool(first)
    )
