"""The loop: what survives a kill, a full disk, damaged files, and numbers that are none."""

from __future__ import annotations

import errno
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from plain import ring_run

from ptarmigan import zoo
from ptarmigan.contract.recipes import differences
from ptarmigan.core.errors import Diverged
from ptarmigan.core.schedule import linear
from ptarmigan.doctor.hooks import train_with_diagnosis as train_run
from ptarmigan.modalities.image.source import Images
from ptarmigan.training import checkpoint
from ptarmigan.training import run_folder as folder
from ptarmigan.training.checkpoint import Checkpoints, Damaged, read
from ptarmigan.training.ema import EMA
from ptarmigan.training.run import Run
from ptarmigan.training.run_folder import RunError
from ptarmigan.training.settings import Settings

QUICK = Settings(device="cpu", log_every=5, score_every=0, sample_every=0, save_every=5, keep=3)
DESCRIPTION = {"recipe": "plain", "options": {"steps": 30}, "settings": {}}


def begun(place: Path, description: dict = DESCRIPTION) -> Path:
    folder.claim(place, description)
    return place


def final(place: Path) -> dict:
    return read(max(place.glob("state-*.pt")))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A run that nothing happened to."""
    place = begun(tmp_path_factory.mktemp("runs") / "whole")
    outcome = train_run(ring_run(), place, QUICK, quiet=True)
    assert outcome.complete
    assert outcome.step == 30
    return place


SCRIPT = """
import sys, os, signal
sys.path[:0] = {tests!r}
import torch; torch.set_num_threads(1)
from pathlib import Path
from plain import ring_run
from test_loop import QUICK
from ptarmigan.doctor.hooks import train_with_diagnosis as train_run
run = ring_run()
rule = run.rule
def counted(game, optimizers, draw, step):
    if step == {at} and {signal}:
        os.kill(os.getpid(), {signal})
    return rule(game, optimizers, draw, step)
run.rule = counted
outcome = train_run(run, Path({place!r}), QUICK, quiet=True)
print(outcome.complete, outcome.reason)
"""


def in_a_process(place: Path, at: int, sent: int) -> subprocess.CompletedProcess[str]:
    script = SCRIPT.format(
        tests=[str(folder) for folder in Path(__file__).parents[:2]],
        at=at,
        signal=int(sent),
        place=str(place),
    )
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("at", [0, 13, 29])
def test_killed_and_started_again_is_bit_identical(whole, tmp_path, at):
    place = begun(tmp_path / "killed")
    assert in_a_process(place, at, signal.SIGKILL).returncode == -signal.SIGKILL
    assert in_a_process(place, -1, 0).returncode == 0
    assert differences(final(whole), final(place)) == []
    assert (whole / "log.jsonl").read_bytes() == (place / "log.jsonl").read_bytes()
    assert (whole / "generator.safetensors").read_bytes() == (place / "generator.safetensors").read_bytes()


def test_sigterm_saves_leaves_and_goes_on(whole, tmp_path):
    place = begun(tmp_path / "stopped")
    done = in_a_process(place, 17, signal.SIGTERM)
    assert done.returncode == 0
    assert "False stopped at step 18 of 30 by SIGTERM" in done.stdout
    assert max(place.glob("state-*.pt")).name == "state-00000018.pt"
    in_a_process(place, -1, 0)
    assert differences(final(whole), final(place)) == []


def test_a_finished_run_started_again_changes_nothing(whole, tmp_path):
    place = begun(tmp_path / "again")
    train_run(ring_run(), place, QUICK, quiet=True)
    log = (place / "log.jsonl").read_bytes()
    outcome = train_run(ring_run(), place, QUICK, quiet=True)
    assert outcome.complete
    assert (place / "log.jsonl").read_bytes() == log


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "no checksum"])
def test_a_damaged_checkpoint_is_told_and_the_one_before_is_used(whole, tmp_path, damage, capsys):
    place = begun(tmp_path / damage)
    train_run(ring_run(), place, QUICK, quiet=True)
    newest = max(place.glob("state-*.pt"))
    data = newest.read_bytes()
    match damage:
        case "truncated":
            newest.write_bytes(data[: len(data) // 2])
        case "flipped":
            newest.write_bytes(data[:500] + bytes([data[500] ^ 1]) + data[501:])
        case "empty":
            newest.write_bytes(b"")
        case "no checksum":
            newest.with_suffix(".sha256").unlink()
    train_run(ring_run(), place, QUICK)
    said = capsys.readouterr().err
    assert newest.name in said
    assert "using the one before" in said
    assert "going on from step 25" in said
    assert differences(final(whole), final(place)) == []


class Evil:
    """A pickle that would write a file when loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.write_text, (self.path, "run")


def test_a_checkpoint_with_code_in_it_is_refused_and_does_not_run(tmp_path):
    import hashlib

    victim = tmp_path / "victim"
    bare, whole = pickle.dumps(Evil(victim)), saved({"game": Evil(victim)})
    for i, (data, words) in enumerate([(bare, "never does"), (whole, "more than tensors")]):
        path = tmp_path / f"state-{i:08d}.pt"
        path.write_bytes(data)
        checkpoint.checksum_path(path).write_text(hashlib.sha256(data).hexdigest())
        with pytest.raises(Damaged, match=words):
            read(path)
    assert not victim.exists()


def saved(state: dict) -> bytes:
    import io

    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def test_a_full_disk_costs_no_checkpoint_and_no_training(tmp_path, monkeypatch, capsys):
    place = begun(tmp_path / "full")
    genuine = checkpoint.write

    def full(path: Path, data: bytes) -> None:
        if "state-00000010" in path.name or "state-00000015" in path.name:
            path.with_name(f".{path.name}.draft").write_bytes(data[:10])
            path.with_name(f".{path.name}.draft").unlink()
            raise OSError(errno.ENOSPC, "No space left on device")
        genuine(path, data)

    monkeypatch.setattr(checkpoint, "write", full)
    outcome = train_run(ring_run(), place, QUICK, quiet=True)
    assert outcome.complete
    said = capsys.readouterr().err
    assert "could not write state-00000010.pt (No space left on device)" in said
    assert "state-00000005.pt as the last one" in said
    assert sorted(p.name for p in place.glob("state-*.pt")) == [
        "state-00000020.pt",
        "state-00000025.pt",
        "state-00000030.pt",
    ]


def test_a_write_that_fails_half_way_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "state.pt"
    checkpoint.write(path, b"old")

    def fail(fd: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        checkpoint.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


class OnlyTakesText:
    """What an editor or a logger puts in the place of stderr."""

    def write(self, text: str) -> int:
        return len(text)


@pytest.mark.parametrize("stderr", [None, OnlyTakesText()], ids=["none", "no isatty"])
def test_whatever_stderr_is_training_goes_on(tmp_path, monkeypatch, stderr):
    monkeypatch.setattr(sys, "stderr", stderr)
    assert train_run(ring_run(), begun(tmp_path / "run"), QUICK).complete


def test_the_latest_and_the_best_are_kept(tmp_path):
    kept = Checkpoints(tmp_path, 2, print)
    kept.protect(lambda step: step == 1)
    for step in range(5):
        kept.save(step, {"step": step})
    assert kept.steps() == [1, 3, 4]


def poisoned(steps: int, *, first: int, last: int, only_stream: int | None = None) -> Run:
    """A run whose loss is not a number at some steps."""
    run = ring_run(steps)
    rule = run.rule

    def poison(game, optimizers, draw, step):
        if first <= step < last and only_stream in (None, draw.stream):
            loss = game.loss
            game.loss = type(loss)(lambda r, f: loss.discriminator(r, f) * float("nan"), loss.generator)
            try:
                return rule(game, optimizers, draw, step)
            finally:
                game.loss = loss
        return rule(game, optimizers, draw, step)

    run.rule = poison
    return run


def test_a_few_bad_steps_are_skipped_and_counted(tmp_path):
    place = begun(tmp_path / "few")
    assert train_run(poisoned(30, first=6, last=9), place, QUICK, quiet=True).complete
    lines = [json.loads(line) for line in (place / "log.jsonl").read_text().splitlines()]
    assert [line["skipped"] for line in lines if "skipped" in line][:3] == [0.0, pytest.approx(0.6), 0.0]
    assert all(torch.isfinite(t).all() for t in final(place)["game"].values())


def test_many_bad_steps_go_back_with_fresh_noise(tmp_path, capsys):
    place = begun(tmp_path / "many")
    assert train_run(poisoned(60, first=20, last=45, only_stream=0), place, QUICK, quiet=True).complete
    assert "went back here from step 30 with fresh noise: the term 'discriminator'" in capsys.readouterr().err
    assert final(place)["draw"]["stream"] == 1
    assert "went back" in (place / "log.jsonl").read_text()


def test_a_run_that_stays_bad_stops_with_the_reason(tmp_path):
    place = begun(tmp_path / "bad")
    with pytest.raises(
        Diverged, match="the term 'discriminator' is not finite for 10 steps in a row at step 30"
    ):
        train_run(poisoned(60, first=20, last=60), place, QUICK, quiet=True)
    assert "stopped" in (place / "log.jsonl").read_text()


def test_other_options_are_refused_by_name(tmp_path):
    begun(tmp_path / "run")
    with pytest.raises(RunError, match=r"steps was 30 and is 40.*--force"):
        folder.claim(tmp_path / "run", DESCRIPTION | {"options": {"steps": 40}})
    folder.claim(tmp_path / "run", DESCRIPTION | {"options": {"steps": 40}}, force=True)
    with pytest.raises(RunError, match="lr was None and is 1"):
        folder.claim(tmp_path / "run", DESCRIPTION | {"options": {"steps": 40, "lr": 1}}, force=True)
    with pytest.raises(RunError, match="a run of plain"):
        folder.claim(tmp_path / "run", DESCRIPTION | {"recipe": "other"})


def test_a_folder_with_something_else_in_it_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("do not lose me")
    with pytest.raises(RunError, match="not empty"):
        folder.claim(tmp_path, DESCRIPTION)
    assert (tmp_path / "thesis.txt").read_text() == "do not lose me"


def test_more_steps_go_on_where_the_run_ended(tmp_path):
    place = begun(tmp_path / "more")
    train_run(ring_run(30), place, QUICK, quiet=True)
    outcome = train_run(ring_run(40), place, QUICK, quiet=True)
    assert outcome.step == 40


def test_it_stops_when_time_is_up(tmp_path):
    place = begun(tmp_path / "minutes")
    started = time.monotonic()
    outcome = train_run(
        ring_run(10**7), place, Settings(minutes=0.02, score_every=0, sample_every=0), quiet=True
    )
    assert "minutes are up" in outcome.reason
    assert time.monotonic() - started < 20


def test_it_stops_when_nothing_moves(tmp_path):
    still = Settings(tolerance=1e-3, log_every=5, score_every=0, sample_every=0)
    outcome = train_run(ring_run(500, lr=0.0), begun(tmp_path / "still"), still, quiet=True)
    assert outcome.reason.startswith("converged: weights")
    assert outcome.step < 100
    outcome = train_run(ring_run(100, lr=1e-2), begun(tmp_path / "moving"), still, quiet=True)
    assert outcome.step == 100


def test_it_stops_when_scores_get_no_better(tmp_path):
    patient = Settings(patience=2, score_every=5, sample_every=0, score_samples=200)
    outcome = train_run(ring_run(500, lr=0.0), begun(tmp_path / "patient"), patient, quiet=True)
    assert outcome.reason == "converged: no better score for 2 evaluations"
    assert outcome.step == 15
    assert (tmp_path / "patient" / "best.safetensors").exists()


def test_files_that_cannot_be_used_are_named_in_the_log(tmp_path, capsys):
    from PIL import Image

    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(20):
        Image.new("L", (8, 8), 10 * i).save(photos / f"{i}.png")
    (photos / "broken.png").write_bytes((photos / "1.png").read_bytes()[:40])
    run = zoo.recipe("image.gan")(Images(str(photos)), hidden=(8,), latent=4, steps=2, batch=4)
    place = begun(tmp_path / "run")
    train_run(run, place, QUICK, quiet=True)
    line = json.loads((place / "log.jsonl").read_text().splitlines()[0])
    assert line["event"] == "skipped 1 files"
    assert "broken.png" in line["files"][0]
    assert "skipped 1 files: broken.png" in capsys.readouterr().err


def test_averaged_weights_have_their_half_life():
    run = ring_run()
    average = EMA(run.game)
    weight = run.game.generator.layers[0].weight
    start = weight.detach().clone()
    with torch.no_grad():
        weight += 1
    for _ in range(10):
        average.update(batch=100, half_life=1000)
    mine = average.networks["generator"].layers[0].weight
    torch.testing.assert_close(mine - start, torch.full_like(mine, 0.5))
    average.update(batch=100, half_life=5)
    assert float((mine - start).mean()) > 0.99, "of what was seen longer ago nothing is left"


def test_the_first_weights_are_soon_forgotten():
    run = ring_run()
    run.half_life = 1000.0
    half_lives = [run.remembers(steps) for steps in (1, 10, 100)]
    assert half_lives[0] < run.samples.batch, "the first step's weights are gone after the second"
    shares = [h / steps for h, steps in zip(half_lives, (1, 10, 100), strict=True)]
    assert shares == sorted(set(shares)), "and the share grows"
    assert run.remembers(10**6) == 1000.0
    run.half_life = linear(1000.0, 500.0)
    run.advance(1.0)
    assert run.remembers(10**6) == 500.0


def test_averaged_networks_are_lent_and_given_back():
    run = ring_run()
    average, own = EMA(run.game), run.game.generator
    with average.applied_to(run.game) as game:
        assert game.generator is average.networks["generator"]
        assert not game.training
    assert run.game.generator is own
    assert run.game.training


def test_rates_follow_their_schedule():
    run = ring_run()
    run.rate, run.beta2 = linear(1.0, 0.0), linear(0.9, 0.99)
    run.advance(0.25)
    group = run.optimizers["generator"].param_groups[0]
    assert group["lr"] == pytest.approx(0.75e-3)
    assert group["betas"][1] == pytest.approx(0.9225)


def test_two_runs_of_one_seed_are_equal_and_of_two_seeds_are_not(whole, tmp_path):
    train_run(ring_run(seed=1), begun(tmp_path / "other"), QUICK, quiet=True)
    assert differences(final(whole)["game"], final(tmp_path / "other")["game"])
