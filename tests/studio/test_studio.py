"""What the page asks for: runs as they are, and nothing but them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from conftest import environment
from PIL import Image
from starlette.testclient import TestClient

from ptarmigan.cli import main
from ptarmigan.media.lock import alone, is_held
from ptarmigan.studio import app as application
from ptarmigan.studio.app import Page, Studio, studio_app
from ptarmigan.studio.jobs import BusyError, Jobs
from ptarmigan.studio.runs import Runs

NAMES = ["anomalies/vae", "ring", "<b>run"]


def make_run(folder: Path, recipe: str = "toy.gan", steps: int = 4, **more) -> Path:
    """A run's folder as training leaves it."""
    (folder / "samples").mkdir(parents=True)
    options = {"data": "ring", "steps": steps, **more}
    (folder / "run.json").write_text(
        json.dumps({"recipe": recipe, "options": options, "settings": {"keep": 2}})
    )
    lines = [
        {"step": i, "samples": 8 * i, "generator": 1 / i, "score/modes": float(i)}
        for i in range(1, steps + 1)
    ]
    lines.append({"step": steps, "event": "finished: all steps are done"})
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    clock = "".join(
        json.dumps({"step": i, "seconds": float(i), "speed": 1}) + "\n" for i in range(1, steps + 1)
    )
    (folder / "clock.jsonl").write_text(clock)
    for step in (0, steps):
        Image.new("RGB", (8, 8), (step, 0, 0)).save(folder / "samples" / f"step-{step:08d}.png")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in NAMES:
        make_run(tmp_path / "runs" / name)
    (tmp_path / "runs" / "damaged").mkdir()
    (tmp_path / "runs" / "damaged" / "run.json").write_text("{")
    (tmp_path / "runs" / "no-run").mkdir()
    return tmp_path / "runs"


@pytest.fixture
def studio(root: Path) -> Iterator[Studio]:
    found = Studio(Runs(root), Jobs(root))
    yield found
    found.jobs.close()


@pytest.fixture
def page(studio: Studio) -> TestClient:
    return TestClient(studio_app(studio), raise_server_exceptions=False)


def test_the_list_has_every_run_and_says_what_is_wrong_with_a_damaged_one(page, root):
    found = {run["name"]: run for run in page.get("/api/runs").json()["runs"]}
    assert found.keys() == {*NAMES, "damaged"}
    assert "cannot be read" in found["damaged"]["problem"]
    ring = found["ring"]
    assert (ring["state"], ring["step"], ring["steps"], ring["picture"]) == ("finished", 4, 4, 4)
    assert ring["score"] == {"name": "modes", "line": [[1, 1], [2, 2], [3, 3], [4, 4]]}
    make_run(root / "later")
    assert "later" in {run["name"] for run in page.get("/api/runs").json()["runs"]}


def test_a_folder_without_runs_and_one_that_is_a_run_are_shown(tmp_path, root):
    assert Studio(Runs(tmp_path / "nothing"), Jobs(tmp_path)).board()["runs"] == []
    assert [run["name"] for run in Studio(Runs(root / "ring"), Jobs(root)).board()["runs"]] == ["ring"]


def test_a_run_is_described(page):
    found = page.get("/api/run", params={"run": "ring"}).json()
    assert (found["recipe"], found["options"]["data"], found["settings"]) == ("toy.gan", "ring", {"keep": 2})
    answer = page.get("/api/picture", params={"run": "ring", "step": 4})
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2f..%2fcli.py",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/../../etc/passwd",
        "/api/picture?run=../runs/ring&step=4",
        "/api/picture?run=ring/../ring&step=4",
        "/api/picture?run=/etc&step=4",
        "/api/picture?run=no-run&step=4",
        "/api/picture?run=ring&step=5",
        "/api/run?run=..",
        "/api/run?run=",
        "/api/stream?run=../ring",
        "/api/recipe?name=../mine.py",
        "/api/recipe?name=os",
        "/docs",
        "/openapi.json",
        "/runs/ring/run.json",
    ],
)
def test_no_path_leads_anywhere(page, path):
    assert page.get(path).status_code == 404


def test_links_out_of_the_folder_are_not_followed(page, root, tmp_path):
    secret = tmp_path / "secret"
    Image.new("RGB", (8, 8)).save(secret, "PNG")
    (root / "ring" / "samples" / "step-00000009.png").symlink_to(secret)
    (root / "ring" / "samples" / "step-00000008.png").write_text("no picture")
    make_run(tmp_path / "elsewhere")
    (root / "link").symlink_to(tmp_path / "elsewhere")
    for step in (8, 9):
        assert page.get("/api/picture", params={"run": "ring", "step": step}).status_code == 404
    assert "link" not in {run["name"] for run in page.get("/api/runs").json()["runs"]}


@pytest.mark.parametrize("query", ["step=x", "step=-1", "step=1e99", "", "step=99999999999999999999"])
def test_what_is_no_step_is_no_error_of_the_servers(page, query):
    assert page.get(f"/api/picture?run=ring&{query}").status_code == 422


def test_runs_are_compared_as_the_report_does(page, root):
    make_run(root / "other", lr=0.1)
    found = page.get("/api/compare", params={"run": ["ring", "other"]}).json()
    assert [each["name"] for each in found["curves"]] == ["modes", "generator"]
    assert found["curves"][0]["svg"].count("tone-1") > 0
    assert found["differ"] == [["lr", None, 0.1]]
    assert page.get("/api/compare", params={"run": ["ring"]}).status_code == 422
    assert page.get("/api/compare", params={"run": ["ring"] * 6}).status_code == 422


def test_a_stream_says_what_is_new_and_then_nothing(studio, root):
    page = Page()
    first = studio.look("ring", page)
    assert first.startswith(f"id: {page.mark}\nevent: update\ndata: ")
    assert json.loads(first.split("data: ", 1)[1])["new"]["fresh"]
    before = page.mark
    assert studio.look("ring", page) == ""
    with open(root / "ring" / "log.jsonl", "a") as file:
        file.write('{"step": 5, "samples": 40, "generator": 7.0}\n')
    new = json.loads(studio.look("ring", page).split("data: ", 1)[1])["new"]
    assert new["terms"] == {"generator": {"after": 4, "points": [[5, 7, 7, 7]]}}
    again = json.loads(studio.look("ring", Page(before)).split("data: ", 1)[1])["new"]
    assert (again["fresh"], again["terms"]) == (False, new["terms"])


def test_no_more_pages_are_followed_than_said(page, studio, monkeypatch):
    monkeypatch.setattr("ptarmigan.studio.events.STREAMS", 0)
    answer = page.get("/api/stream")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_a_run_is_running_while_its_folder_is_locked(root, studio):
    assert not is_held(root / "ring")
    with alone(root / "ring"):
        assert is_held(root / "ring")
        assert studio.runs.one("ring").state() == "running"
    assert studio.runs.one("ring").state() == "finished"
    (root / "ring" / ".lock").write_text("1 on another-machine\n")
    os.utime(root / "ring" / "clock.jsonl")
    assert studio.runs.one("ring").state() == "running"
    os.utime(root / "ring" / "clock.jsonl", (0, 0))
    assert studio.runs.one("ring").state() == "finished"


def test_looking_writes_nothing(root, page):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    for path in ("/api/runs", "/api/run?run=ring", "/api/compare?run=ring&run=anomalies/vae"):
        assert page.get(path).status_code == 200
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize(
    "body",
    [
        {"recipe": "toy.gan", "name": "../x"},
        {"recipe": "toy.gan", "name": ""},
        {"recipe": "toy.gan", "name": "ring"},
        {"recipe": "toy.gan", "name": "x", "options": {"data": "/etc/passwd"}},
        {"recipe": "toy.gan", "name": "x", "options": {"steps": [1]}},
        {"recipe": "x.py", "name": "x"},
        {"name": "x"},
        [],
    ],
)
def test_what_cannot_be_started_is_said(page, studio, body):
    answer = page.post("/api/start", json=body)
    assert answer.status_code in (400, 422)
    assert studio.jobs.job is None


def test_where_nothing_may_be_started_nothing_is(root):
    with pytest.raises(ValueError, match="not here"):
        Jobs(root, refusal="not here").start("toy.gan", "x", {})


def test_a_run_of_somebodys_recipe_is_not_gone_on_with(root, studio):
    make_run(root / "own", recipe="/tmp/mine.py")
    with pytest.raises(ValueError, match="a recipe of your own"):
        studio.jobs.go_on(studio.runs.one("own"))
    with pytest.raises(ValueError, match="not started by this page"):
        studio.jobs.stop("own")


@pytest.fixture
def started():
    """Processes that end with the test, however that ends."""
    processes: list[subprocess.Popen] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_a_training_is_started_stopped_and_gone_on_with(root, studio, monkeypatch, started):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    given = {"steps": "100000", "width": 8, "batch": 16, "vitals": False}
    job = studio.jobs.start("toy.gan", "new", given)
    assert job.words.startswith("ptarmigan train toy.gan --steps=100000 --width=8")
    with pytest.raises(BusyError):
        studio.jobs.start("toy.gan", "second", {})
    started.append(job.process)
    until(lambda: (root / "new" / "run.json").exists() and studio.runs.one("new").state() == "running")
    assert "new is still trained by process" in studio.jobs.left()
    studio.jobs.stop("new")
    job.process.wait(200)
    assert studio.jobs.plain()["code"] == 128 + signal.SIGINT
    assert studio.jobs.plain()["said"].endswith(job.words.removeprefix("ptarmigan train"))
    assert studio.runs.one("new").state() != "running"
    again = studio.jobs.go_on(studio.runs.one("new"))
    started.append(again.process)
    assert again.words.split()[:3] == ["ptarmigan", "train", "toy.gan"]
    assert "--steps 100000" in again.words


def until(true, seconds: float = 200) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_the_command_serves_until_it_is_interrupted(root):
    command = [sys.executable, "-m", "ptarmigan", "studio", str(root), "--port", "0"]
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        link = process.stdout.readline().removeprefix("studio: ").strip()
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        assert b"<main" in browser.open(link, timeout=60).read()
        base = link.partition("?")[0]
        assert len(json.load(browser.open(f"{base}api/runs", timeout=60))["runs"]) == 4
        stream = browser.open(f"{base}api/stream?run=ring", timeout=60)
        assert stream.readline().startswith(b"id: ")
        threading.Timer(0.2, process.send_signal, [signal.SIGINT]).start()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()


def test_bad_options_are_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    for words in (
        ["studio", str(tmp_path / "file")],
        ["studio", "--host", "0.0.0.0"],
        ["studio", "--data", "nowhere"],
    ):
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 2
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_both_languages_have_the_same_words():
    found = {name: json.loads((application.STATIC / f"{name}.json").read_text()) for name in ("en", "zh")}
    assert found["en"].keys() == found["zh"].keys()
    scripts = "".join(file.read_text() for file in application.STATIC.glob("*.js"))
    assert all(places(found["en"][key]) == places(found["zh"][key]) for key in found["en"])
    unused = [key for key in found["en"] if key not in scripts and key.partition("_")[0] + "_" not in scripts]
    assert unused == []


def places(words: str) -> set[str]:
    return {part.partition("}")[0] for part in words.split("{")[1:]}


def test_scripts_are_few_and_put_no_text_into_the_page_as_html():
    files = [*application.STATIC.glob("*.js")]
    scripts = "".join(file.read_text() for file in files)
    assert len(files) <= 8
    assert len(scripts.splitlines()) <= 1_500
    assert not [
        word
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
        if word in scripts
    ]
