"""The command line: what people type, rightly and wrongly."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import environment
from PIL import Image

import ptarmigan
from ptarmigan import cli
from ptarmigan.contract.recipes import differences
from ptarmigan.training.checkpoint import read

PLAIN = str(Path(__file__).parents[1] / "plain.py")
QUICK = ("--score-every", "0", "--sample-every", "0", "--device", "cpu")


def said(capsys, *args: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command, in this process."""
    with pytest.raises(SystemExit) as stop:
        cli.main(args)
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


WRONG = [
    ("trian", "did you mean 'train'"),
    ("train", "name a recipe"),
    ("train image.dcgn", "did you mean image.dcgan"),
    ("train nowhere/photos", "there is no data 'nowhere/photos'"),
    ("train ''", "there is no data ''"),
    ("train mine.py", "there is no recipe file mine.py"),
    ("train toy.gan --widht 3", "--widht"),
    ("train toy.gan --width x", "--width"),
    ("train toy.gan --width 0", "--width 0: it must be at least 1"),
    ("train toy.gan --lr -1", "--lr -1.0"),
    ("train toy.gan --lr nan", "--lr nan"),
    ("train toy.gan --steps -5", "--steps -5"),
    ("train toy.gan --data rign", "there are no points 'rign'"),
    ("train toy.gan --data nowhere.csv", "ptarmigan: nowhere.csv: No such file or directory"),
    ("train toy.gan --device gpu", "--device gpu: no such device"),
    ("train toy.gan --precision fp8", "'fp8'"),
    ("train toy.gan --accumulate 3", "choose a --batch that 3 divides"),
    ("train toy.gan --patience 3 --score-every 0", "--patience counts scores"),
    ("train toy.gan --data-dir /nowhere", "--data-dir /nowhere"),
    ("train image.gan --size 3by4", "--size 3by4"),
    ("sample nowhere", "nowhere is no run and no file"),
    ("sample {file}", "cannot be read as safetensors"),
    ("interpolate nowhere", "nowhere is no run"),
    ("score nowhere", "nowhere"),
    ("report nowhere", "nowhere"),
    ("data nowhere", "there is no data 'nowhere'"),
    ("data ''", "there is no data ''"),
    ("data {file}", "x.bin"),
    ("data digits --out preview", "preview: this picture is written to a .png"),
    ("show image.nothing", "there is no recipe"),
    ("copy image.gan mine.txt", "such as mine.py"),
    ("check nowhere.py", "nowhere.py"),
]


def test_threads_that_wait_sleep_soon_unless_the_user_says_otherwise(capsys, monkeypatch):
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    said(capsys, "--version")
    assert os.environ["GOMP_SPINCOUNT"] == "7"
    monkeypatch.delenv("GOMP_SPINCOUNT")
    said(capsys, "--version")
    assert os.environ["GOMP_SPINCOUNT"] == cli.SPINS


@pytest.mark.parametrize(("command", "words"), WRONG)
def test_what_is_wrong_is_said_in_one_line(command, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "x.bin"
    file.write_text("not what it should be")
    code, _, err = said(capsys, *shlex.split(command.format(file=file)))
    assert code == 2
    assert err.startswith("ptarmigan: ")
    assert err.count("\n") == 1
    assert words in err
    assert list(tmp_path.iterdir()) == [file], "nothing is left behind"


def test_debug_shows_where(capsys):
    code, _, err = said(capsys, "trian", "--debug")
    first, *traceback = err.splitlines()
    assert (code, "no command" in first) == (2, True)
    assert traceback[0].startswith("Traceback")
    assert "cli.py" in err


def test_a_run_from_beginning_to_end(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train = ("train", PLAIN, "--steps", "20", "--out", "run", "--quiet", "--sample-every", "10")
    train += ("--score-every", "10", "--score-samples", "200", "--log-every", "5")
    code, out, _ = said(capsys, *train)
    assert code == 0
    assert "report: run/report.html" in out
    described = json.loads(Path("run/run.json").read_text())
    assert described["options"] == {"data": "ring", "seed": 0, "steps": 20}
    assert {p.name for p in Path("run").iterdir()} >= {
        "run.json",
        "log.jsonl",
        "samples",
        "state-00000020.pt",
        "generator.safetensors",
        "report.html",
    }
    assert said(capsys, *train)[0] == 0, "the same command again is no error"
    code, _, err = said(capsys, *train, "--seed", "1")
    assert code == 2
    assert "seed was 0 and is 1" in err
    code, _, err = said(capsys, *train[:2], "--steps", "30", *train[4:])
    assert code == 2
    assert "--force" in err
    assert said(capsys, *train[:2], "--steps", "30", *train[4:], "--force")[0] == 0
    assert said(capsys, "sample", "run", "--n", "100", "--out", "a.npz")[0] == 0
    assert said(capsys, "sample", "run", "--n", "10", "--out", "b.npz")[0] == 0
    many, few = np.load("a.npz")["arr_0"], np.load("b.npz")["arr_0"]
    assert np.array_equal(many[:10], few)
    code, _, err = said(capsys, "sample", "run", "--class", "3")
    assert code == 2
    assert "no classes" in err
    code, out, _ = said(capsys, "score", "run", "--n", "500", "--json")
    assert code == 0
    assert json.loads(out)["scores"]


@pytest.mark.parametrize(
    ("options", "obeys"),
    [((), False), (("--conditional",), True)],
    ids=["images alone", "with their classes"],
)
def test_a_class_is_made_by_a_run_that_learnt_it_and_refused_by_another(options, obeys, capsys, tmp_path):
    run, few, walk = (str(tmp_path / name) for name in ("run", "few.npy", "walk.png"))
    train = ("train", "image.r1gan", "--data", "digits", "--width", "4", "--batch", "8", "--steps", "2")
    assert said(capsys, *train, *options, *QUICK, "--out", run, "--quiet")[0] == 0
    assert ("the same class at the same place" in Path(run, "report.html").read_text()) is obeys
    for command in (("sample", run, "--n", "9", "--out", few), ("interpolate", run, "--out", walk)):
        code, _, err = said(capsys, *command, "--class", "3")
        assert code == (0 if obeys else 2), err
        assert ("learnt nothing of classes" in err) is not obeys
        assert said(capsys, *command, "--class", "eleven")[0] == 2
    if obeys:
        threes = np.load(few)
        assert np.array_equal(threes, ptarmigan.load(run).sample(9, class_=3))
        assert not np.array_equal(threes, ptarmigan.load(run).sample(9, class_=4))


def test_another_folder_is_left_alone(capsys, tmp_path):
    (tmp_path / "thesis.txt").write_text("do not lose me")
    code, _, err = said(capsys, "train", PLAIN, "--out", str(tmp_path))
    assert code == 2
    assert "not empty" in err
    assert (tmp_path / "thesis.txt").read_text() == "do not lose me"


def test_a_preview_takes_the_place_of_no_file(capsys, tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"do not lose me")
    code, out, err = said(capsys, "data", "digits", "--out", str(photo))
    assert (code, out) == (2, "")
    assert "is there already" in err
    assert photo.read_bytes() == b"do not lose me"
    assert said(capsys, "data", "digits", "--out", str(tmp_path / "new" / "digits.png"))[0] == 0
    with Image.open(tmp_path / "new" / "digits.png") as preview:
        assert preview.format == "PNG"


def test_list_and_show_and_copy(capsys, tmp_path):
    code, out, _ = said(capsys, "list")
    assert code == 0
    assert "image.r3gan" in out
    code, out, _ = said(capsys, "show", "image.r3gan")
    assert "2501.05441" in out
    assert "--gamma" in out
    mine = tmp_path / "mine.py"
    assert said(capsys, "copy", "toy.gan", str(mine))[0] == 0
    assert "def recipe" in mine.read_text()
    code, _, err = said(capsys, "copy", "toy.gan", str(mine))
    assert code == 2
    assert "there already" in err


def test_a_recipe_that_was_changed_since_cannot_go_on(capsys, tmp_path):
    mine, out = tmp_path / "mine.py", tmp_path / "run"
    said(capsys, "copy", "toy.gan", str(mine))
    command = ("train", str(mine), *QUICK, "--steps", "2", "--out", str(out))
    assert said(capsys, *command)[0] == 0
    before = {path: path.read_bytes() for path in out.glob("state-*")}
    mine.write_text(mine.read_text().replace("(width, width)", "(width,) * 3"))
    code, _, err = said(capsys, *command, "--steps", "3", "--force")
    assert code == 2
    assert "its recipe was changed since" in err.strip().splitlines()[-1]
    assert {path: path.read_bytes() for path in out.glob("state-*")} == before


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_saves_and_says_how_to_go_on(sent, code, tmp_path):
    out = tmp_path / "run"
    command = [sys.executable, "-m", "ptarmigan", "train", "toy.gan", "--steps", "1000000", "--out", str(out)]
    process = subprocess.Popen(
        [*command, *QUICK],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # the tests may run under nohup
    )
    deadline = time.monotonic() + 180
    while not (out / "log.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(sent)
    try:
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == code
    last = err.strip().splitlines()[-1]
    assert f"by {sent.name}; saved; to go on: ptarmigan train toy.gan --steps 1000000" in last
    assert "Traceback" not in err
    assert read(max(out.glob("state-*.pt")))["step"] > 0


def test_what_nohup_keeps_alive_goes_on_and_no_reader_is_needed(tmp_path):
    out = tmp_path / "run"
    options = ["train", "toy.gan", "--steps", "60", "--log-every", "1", "--out", str(out), *QUICK]
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "ptarmigan", *options],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=write,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    os.close(write)
    os.read(read, 1)
    os.close(read)  # as 'head -1' does
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=120) == 0
    assert (out / "generator.safetensors").exists()


def test_two_ranks_train_what_one_process_accumulates(tmp_path, cli):
    options = [
        "train",
        "toy.gan",
        "--steps",
        "12",
        "--batch",
        "32",
        "--width",
        "16",
        "--precision",
        "fp32",
        "--save-every",
        "6",
        *QUICK,
    ]
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    together = [*launch, "-m", "ptarmigan", *options, "--out", str(tmp_path / "two")]
    for done in (
        subprocess.run(together, env=environment(), capture_output=True, text=True, timeout=120),
        cli(*options, "--accumulate", "2", "--out", "one"),
    ):
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert "Warning" not in done.stderr
    two, one = (read(tmp_path / name / "state-00000012.pt")["game"] for name in ("two", "one"))
    for key, value in one.items():
        torch.testing.assert_close(two[key], value, rtol=1e-3, atol=1e-5)
    again = subprocess.run(together, env=environment(), capture_output=True, text=True, timeout=120)
    assert again.returncode == 0, "a finished run is no error on two ranks"
    assert differences(two, read(tmp_path / "two" / "state-00000012.pt")["game"]) == []


def test_without_a_compiler_nothing_is_begun(tmp_path):
    nowhere = {"CXX": "/nowhere/g++", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "ptarmigan", "train", PLAIN, "--compile", *QUICK, "--out", "run"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment() | nowhere, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "--compile: nothing can be compiled here" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on a CPU")
def test_compiled_networks_learn_the_same_with_their_penalties(tmp_path, cli):
    lines = {}
    for name, more in (("plain", ()), ("compiled", ("--compile",))):
        out = tmp_path / name
        done = cli("train", PLAIN, "--steps", "4", "--log-every", "1", *QUICK, "--out", out, *more)
        assert done.returncode == 0, done.stderr
        lines[name] = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert any("r1" in line for line in lines["plain"]), "the penalty's second derivatives are part of it"
    for a, b in zip(lines["plain"][:4], lines["compiled"][:4], strict=True):
        assert a == pytest.approx(b, rel=1e-4)


def test_help_of_a_recipe_begins_with_its_docstring(capsys):
    code, out, _ = said(capsys, "train", "toy.gan", "--help")
    assert code == 0
    assert "The GAN of Goodfellow et al. 2014, arXiv 1406.2661, in the plane." in out.partition("╭")[0]
    assert "typing.Annotated" not in out
