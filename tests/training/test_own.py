"""A recipe that is a file is run where a person named it, and never because a run says so."""

import json
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import save_file

import ptarmigan
from ptarmigan import zoo
from ptarmigan.cli import main
from ptarmigan.training import own

RECIPE = """
import pathlib
with open({ran!r}, "a") as file:
    file.write("ran ")
from ptarmigan.zoo.toy.gan import recipe, small
"""
QUICK = ("--width", "8", "--steps", "3", "--score-every", "0", "--sample-every", "0", "--quiet")
COMMANDS = {
    "sample": ("sample", "RUN", "--n", "2", "--out", "made.npz"),
    "sample of the file": ("sample", "RUN/generator.safetensors", "--n", "2", "--out", "made.npz"),
    "interpolate": ("interpolate", "RUN", "--n", "2", "--stops", "2", "--out", "walk.png"),
    "score": ("score", "RUN", "--n", "20", "--metrics", "modes"),
    "ema": ("ema", "RUN", "--n", "20", "--widths", "0.1"),
    "compare": ("compare", "RUN", "--beside", "mixture"),
    "report": ("report", "RUN"),
    "doctor": ("doctor", "RUN"),
    "resume": ("train", "toy.gan", *QUICK, "--out", "RUN"),
    "translate": ("translate", "RUN", "nothing.png"),
    "detect": ("detect", "RUN", "nothing.csv"),
}


@pytest.fixture
def strange(tmp_path, monkeypatch):
    """The folder of a run from elsewhere, whose recipe came with it: it writes a file when it is run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own, "_named", {})
    Path("run.py").write_text(RECIPE.format(ran=str(tmp_path / "ran")))
    ptarmigan.train("toy.gan", out="run", width=8, steps=3, score_every=0, sample_every=0, quiet=True)
    rename("run", "run.py")
    return Path("run")


def rename(run, recipe, **more):
    """Let a run say that it is of another recipe."""
    plain = json.loads(Path(run, "run.json").read_text()) | {"recipe": recipe} | more
    Path(run, "run.json").write_text(json.dumps(plain))
    for path in Path(run).glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            described = json.loads(file.metadata()["ptarmigan"]) | {"recipe": recipe} | more
        save_file(tensors, path, metadata={"ptarmigan": json.dumps(described)})


def said(capsys, *args):
    with pytest.raises(SystemExit) as stop:
        main(list(args))
    return stop.value.code, capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_from_elsewhere_runs_nothing(command, strange, capsys):
    code, err = said(capsys, *(word.replace("RUN", str(strange)) for word in COMMANDS[command]))
    assert not Path("ran").exists()
    assert code in (0, 2)
    if command in ("sample", "sample of the file", "interpolate", "score", "ema", "compare"):
        assert code == 2
        assert len(err.splitlines()) == 1
        assert "--recipe mine.py" in err


@pytest.mark.parametrize("command", ["sample", "sample of the file", "score", "report"])
def test_a_file_that_is_named_is_run(command, strange, capsys):
    words = [word.replace("RUN", str(strange)) for word in COMMANDS[command]]
    code, err = said(capsys, *words, "--recipe", "run.py")
    assert (code, Path("ran").exists()) == (0, True), err


def test_treatments_and_what_was_asked_for_name_no_file_either(strange, capsys):
    asked = {"recipe": "run.py", "options": json.loads(Path("run/run.json").read_text())["options"]}
    treatment = {"recipe": "run.py", "changes": {}, "to": 0}
    rename(strange, "toy.gan", asked=asked, treatments=[treatment])
    for name in ("sample", "report", "doctor", "resume"):
        said(capsys, *(word.replace("RUN", str(strange)) for word in COMMANDS[name]))
    rename(strange, "toy.gan", asked=asked | {"recipe": "toy.gan"}, treatments=[treatment])
    code, err = said(capsys, *(word.replace("RUN", str(strange)) for word in COMMANDS["resume"]))
    assert (code, "run.py" in err) == (2, True)
    assert not Path("ran").exists()


def test_python_is_told_how_too(strange):
    with pytest.raises(ValueError, match=r"recipe='mine\.py'"):
        ptarmigan.load(strange)
    assert not Path("ran").exists()
    assert ptarmigan.load(strange, recipe="run.py").sample(2).shape == (2, 2)
    assert Path("ran").exists()


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """The folder of a run of one's own recipe, of another process."""
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(RECIPE.format(ran=str(tmp_path / "ran")))
    ptarmigan.train("mine.py", out="run", width=8, steps=3, score_every=0, sample_every=0, quiet=True)
    monkeypatch.setattr(own, "_named", {})
    return Path("run")


def test_ones_own_is_found_from_another_folder(mine, tmp_path, monkeypatch, capsys):
    assert json.loads((mine / "run.json").read_text())["recipe"] == "mine.py"
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    for command in ("sample", "score", "report"):
        code, err = said(capsys, *(word.replace("RUN", "../run") for word in COMMANDS[command]))
        assert code == 0, err
    assert said(capsys, "train", "../mine.py", *QUICK, "--out", "../run")[0] == 0


def test_ones_own_is_not_run_once_it_has_changed(mine):
    Path("mine.py").write_text(Path("mine.py").read_text() + "\n# changed\n")
    with pytest.raises(ValueError, match=r"mine\.py of this run has changed"):
        ptarmigan.load(mine)
    assert ptarmigan.load(mine, recipe="mine.py").recipe == str(Path("mine.py").resolve())


def test_a_known_digest_runs_the_known_file_and_no_other(mine, capsys):
    Path("ran").unlink()
    digest = json.loads((mine / "run.json").read_text())[own.DIGEST]
    Path("evil.py").write_text("open('evil ran', 'w')\nfrom ptarmigan.zoo.toy.gan import recipe\n")
    rename(mine, "evil.py", **{own.DIGEST: digest})
    loaded = ptarmigan.load(mine)
    assert loaded.recipe == str(Path("mine.py").resolve())  # by which an estimator would be fitted again
    assert Path("ran").exists()
    assert not Path("evil ran").exists()


def test_a_digest_is_no_path(strange, tmp_path):
    (tmp_path / "note").write_text(str(tmp_path / "run.py"))
    for digest in (str(tmp_path / "note"), "../" * 20 + str(tmp_path / "note")[1:]):
        with pytest.raises(ValueError, match="recipe"):
            own.file_of({"recipe": "run.py", own.DIGEST: digest})


def test_without_a_home_it_is_known_while_the_process_lives(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_STATE_HOME", "HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(own.Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    Path("mine.py").write_text("from ptarmigan.zoo.toy.gan import recipe, small\n")
    ptarmigan.train("mine.py", out="run", width=8, steps=3, score_every=0, sample_every=0, quiet=True)
    assert ptarmigan.load("run").sample(2).shape == (2, 2)
    monkeypatch.setattr(own, "_named", {})
    with pytest.raises(ValueError, match="--recipe"):
        ptarmigan.load("run")


def test_what_is_read_is_what_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    path = tmp_path / "mine.py"
    path.write_text("from ptarmigan.zoo.toy.gan import recipe\nwhich = 'aaaa'\n")
    assert zoo.module(str(path)).which == "aaaa"
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize("file", ["nowhere.py", "folder.py", "mine.txt"])
def test_a_file_that_is_none_is_refused(file, strange, capsys):
    Path("folder.py").mkdir()
    Path("mine.txt").write_text("")
    code, err = said(capsys, "sample", str(strange), "--recipe", file)
    assert code == 2
    assert "there is no such file" in err


def test_a_run_of_the_zoo_needs_none(strange, capsys):
    rename(strange, "toy.gan")
    code, err = said(capsys, "score", str(strange), "--recipe", "run.py")
    assert code == 2
    assert "needs no file" in err
    assert not Path("ran").exists()
