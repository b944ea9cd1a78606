"""The laboratory: the engine's own steps, looked at, gone back over, and within bounds."""

from __future__ import annotations

import base64
import json
import time

import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from ptarmigan import train, zoo
from ptarmigan.core.errors import UsageError
from ptarmigan.studio.app import STATIC, Studio, studio_app
from ptarmigan.studio.jobs import Jobs
from ptarmigan.studio.laboratory.choice import offered, open_run, recipes
from ptarmigan.studio.laboratory.frame import CELLS, Camera, density, optimum
from ptarmigan.studio.laboratory.session import Session
from ptarmigan.studio.laboratory.sessions import MOST, Player, Sessions
from ptarmigan.studio.runs import NoSuchRunError, Runs

SMALL = {"width": 16, "batch": 32}
DIRAC = {
    "dirac": True,
    "loss": "wasserstein",
    "optimizer": "sgd",
    "generator_lr": 0.1,
    "discriminator_lr": 0.1,
}


def numbers(text: str, kind: str = "<f4") -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def weights(session: Session) -> list[torch.Tensor]:
    return [p.detach().clone() for p in session.run.game.parameters()]


def test_steps_are_those_of_a_run_by_the_command(tmp_path):
    session = Session(
        open_run("toy.ganlab", SMALL | {"loss": "relativistic", "regulariser": "r1", "steps": 12})
    )
    session.advance(100)
    assert (session.step, session.over) == (12, True)
    run = zoo.recipe("toy.ganlab")("ring", loss="relativistic", regulariser="r1", steps=12, **SMALL)
    train(run, out=tmp_path / "run", device="cpu", quiet=True, report=False)
    for mine, theirs in zip(weights(session), run.game.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_going_back_and_turn_by_turn_change_nothing():
    session = Session(open_run("toy.ganlab", SMALL | {"critic_steps": 2}))
    session.advance(37)
    there, curves = weights(session), [point.mean for point in session.curves["generator"].points]
    session.seek(14)
    assert session.step == 14
    for player in ("discriminator", "discriminator", "generator"):
        session.advance_turn()
        assert session.turn[0] == player
        assert (session.pending is None) == (player == "generator")
    session.advance_turn()
    session.seek(10_000)
    assert (session.step, session.reached) == (37, 37)
    assert all(torch.equal(a, b) for a, b in zip(weights(session), there, strict=True))
    assert [point.mean for point in session.curves["generator"].points] == curves


@pytest.mark.parametrize("recipe", recipes())
def test_every_recipe_of_the_plane_can_be_drawn(recipe):
    small = {each.name for each in offered(recipe)} & SMALL.keys()
    session = Session(open_run(recipe, {name: SMALL[name] for name in small}))
    session.advance(1)
    frame = json.loads(json.dumps(session.frame(), allow_nan=False))
    assert (
        numbers(frame["fake"]).reshape(-1, 2).shape == numbers(session.opening()["real"]).reshape(-1, 2).shape
    )
    assert frame["modes"]["total"] == 8
    assert frame["turn"]["terms"]
    if "surface" in frame:
        assert len(numbers(frame["surface"], "u1")) == CELLS**2
        assert np.isfinite(numbers(frame["arrows"])).all()
    assert ("surface" in frame) == (recipe not in ("toy.drifting", "toy.pacgan"))


def test_arrows_lower_the_generators_loss_and_the_optimum_is_p_over_p_plus_q():
    run = open_run("toy.ganlab", SMALL)
    session = Session(run)
    session.advance(30)
    frame, game = session.frame(), run.game
    x = torch.tensor(numbers(frame["fake"]).reshape(-1, 2)[:80].copy())
    moved = x + 0.01 * torch.tensor(numbers(frame["arrows"]).reshape(-1, 2).copy())
    with torch.no_grad():
        assert game.loss.generator(game.discriminate(moved), None) < game.loss.generator(
            game.discriminate(x), None
        )
    left, right = (density(torch.randn(4_000, 2) * 0.2 + torch.tensor([at, 0.0])) for at in (-0.7, 0.7))
    found = optimum(left, right).reshape(CELLS, CELLS)
    assert found[CELLS // 2, 8] > 250
    assert found[CELLS // 2, -8] < 5
    assert abs(int(found[0, 0]) - 127) <= 1  # where nothing is


def test_the_dirac_gan_goes_outwards_and_extragradient_and_r1_do_not():
    def distance(**options):
        session = Session(open_run("toy.ganlab", DIRAC | options))
        session.advance(60)
        return float(np.linalg.norm(session.frame()["phase"]))

    start = 2**0.5
    assert distance(rule="simultaneous") > 1.2 * start
    assert distance(rule="extragradient") < 0.9 * start
    assert distance(regulariser="r1", gamma=1) < 0.2 * start


def test_the_field_of_the_dirac_gan_is_that_of_its_losses():
    session = Session(open_run("toy.ganlab", DIRAC))
    field = numbers(session.opening()["field"]).reshape(15, 15, 2)
    at = np.linspace(-2, 2, 15)
    theta, psi = np.meshgrid(at, at[::-1])
    assert np.allclose(field[..., 0], psi, atol=1e-6)  # −∂/∂θ (−ψθ)
    assert np.allclose(field[..., 1], -theta, atol=1e-6)  # −∂/∂ψ ψθ
    assert [float(p.detach()) for p in session.learnt] == [1, 1]


def test_points_that_were_drawn_are_learnt():
    drawn = [(0.5, 0.5), (-0.5, 0.5), (0.5, -0.5), (-0.5, -0.5)]
    session = Session(open_run("toy.ganlab", SMALL, drawn))
    real = numbers(session.opening()["real"]).reshape(-1, 2)
    assert {tuple(point) for point in np.sign(real)} == {(1, 1), (1, -1), (-1, 1), (-1, -1)}
    assert session.frame()["modes"] == {}


@pytest.mark.parametrize(
    ("recipe", "options", "drawn"),
    [
        ("image.gan", {}, ()),
        ("../mine.py", {}, ()),
        ("toy.ganlab", {"nothing": 1}, ()),
        ("toy.ganlab", {"data": "/etc/passwd"}, ()),
        ("toy.ganlab", {"data": "mine.csv"}, ()),
        ("toy.ganlab", {"width": 100_000}, ()),
        ("toy.ganlab", {"width": 512, "depth": 64}, ()),
        ("toy.ganlab", {"critic_steps": 10**9}, ()),
        ("toy.ganlab", {"generator_lr": "nan"}, ()),
        ("toy.ganlab", {"loss": "other"}, ()),
        ("toy.ganlab", {"compile": True}, ()),
        ("toy.ganlab", {}, [(0.0, 0.0)]),
        ("toy.ganlab", {}, [(0.0, float("nan"))] * 9),
        ("toy.ganlab", {}, [(0.0, 7.0)] * 9),
    ],
)
def test_what_is_out_of_bounds_is_refused_in_a_line(recipe, options, drawn):
    with pytest.raises(UsageError) as error:
        open_run(recipe, options, drawn)
    assert "\n" not in str(error.value)


def wait_for(player: Player, what) -> dict:
    for _ in range(400):
        player.look()
        if what(frame := json.loads(player.shown)):
            return frame
        time.sleep(0.02)
    raise AssertionError(player.shown[:300])


def test_a_session_is_played_paused_and_sought_through_the_page(tmp_path):
    studio = Studio(Runs(tmp_path), Jobs(tmp_path))
    page = TestClient(studio_app(studio), raise_server_exceptions=False)
    wanted = {"recipe": "toy.ganlab", "options": SMALL}
    opened = page.post("/api/laboratory/open", json=wanted).json()
    assert (opened["frame"]["step"], opened["size"], opened["steps"]) == (0, 2, 10_000)
    player = studio.sessions.one(opened["session"])

    def do(action: str, value: int = 1):
        said = {"session": opened["session"], "action": action, "value": value}
        return page.post("/api/laboratory/do", json=said)

    do("step", 3)
    assert wait_for(player, lambda frame: frame["step"] == 3)["playing"] is False
    do("play")
    wait_for(player, lambda frame: frame["step"] > 20)
    do("pause")
    wait_for(player, lambda frame: not frame["playing"])
    do("seek", 1)
    assert wait_for(player, lambda frame: frame["step"] == 1)["reached"] > 20
    assert {"generator", "modes"} <= player.since("").keys()
    assert (do("other").status_code, do("step", -1).status_code) == (400, 422)
    assert page.post("/api/laboratory/do", json={"session": "99", "action": "play"}).status_code == 404
    assert page.post("/api/laboratory/open", json={"recipe": "image.gan"}).status_code == 400
    studio.stop()
    player.join(10)
    assert not player.is_alive()


def test_a_session_that_nobody_looks_at_rests_and_too_many_end_the_oldest(monkeypatch):
    monkeypatch.setattr("ptarmigan.studio.laboratory.sessions.UNSEEN", -1.0)
    sessions = Sessions()
    first, player = sessions.open(open_run("toy.ganlab", SMALL))
    player.do("play", 1)
    time.sleep(0.3)
    assert player.session.step == 0
    for _ in range(MOST):
        sessions.open(open_run("toy.ganlab", SMALL))
    with pytest.raises(NoSuchRunError):
        sessions.one(first)
    sessions.close()


def test_lessons_have_the_same_parts_in_both_languages_and_settings_that_can_be_opened():
    lessons = json.loads((STATIC / "lessons.json").read_text())
    said = [json.loads((STATIC / f"lessons.{lang}.json").read_text()) for lang in ("en", "zh")]
    assert len(lessons) == 12
    for each in said:
        assert [*each] == [lesson["id"] for lesson in lessons]
        assert all(
            [*parts] == ["title", "text", "look", "exercise"] and all(parts.values())
            for parts in each.values()
        )
    for lesson in lessons:
        options = {name: value for name, value in lesson["settings"].items() if name not in ("show", "pace")}
        run = open_run("toy.ganlab", options)
        assert Camera(run.game, run.space.encode(run.samples.source.read(np.arange(64))), 0)
