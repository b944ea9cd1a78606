"""The doctor at work: vital signs that disturb nothing, runs that are named rightly, one that is rescued."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from plain import ring_run
from test_loop import begun, final
from torch import Tensor

from ptarmigan import api, zoo
from ptarmigan.contract import recipes as contract
from ptarmigan.contract.recipes import differences
from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import adam
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.doctor import Fault, Finding, examine, read, treatment
from ptarmigan.doctor.data import facts
from ptarmigan.doctor.discrimination import above
from ptarmigan.doctor.features import clusters
from ptarmigan.doctor.hooks import train_with_diagnosis as train_run
from ptarmigan.doctor.real import Real
from ptarmigan.doctor.reference import Reference
from ptarmigan.doctor.sketch import Sketch
from ptarmigan.doctor.vitals import Vitals, count, interval
from ptarmigan.metrics.pairwise import squared_distances
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.point.space import PointSpace
from ptarmigan.modalities.series.space import SeriesSpace
from ptarmigan.modalities.sound.space import SoundSpace
from ptarmigan.training import run_folder as folder
from ptarmigan.training.ema import EMA
from ptarmigan.training.options import defaults
from ptarmigan.training.run import Run
from ptarmigan.training.settings import Settings

CPU = torch.device("cpu")
QUICK = Settings(device="cpu", log_every=5, score_every=0, sample_every=0, save_every=5)
PLAIN = str(Path(__file__).parents[1] / "plain.py")
VARIED = (
    "image.acgan",
    "image.began",
    "image.gman",
    "image.improved",
    "image.sngan",
    "toy.pacgan",
    "toy.unrolled",
)
"""With dropout, an autoencoder, several discriminators, states, power iterations, packs, and moves ahead."""


def lines(place: Path) -> list[dict]:
    return [json.loads(line) for line in (place / "log.jsonl").read_text().splitlines()]


def vitals(place: Path) -> list[dict]:
    return [line for line in lines(place) if any(name.startswith("vital/") for name in line)]


@pytest.mark.parametrize("name", VARIED)
def test_watching_a_run_changes_nothing_in_it(name, tmp_path):
    settings = {"device": "cpu", "precision": "fp32", "log_every": 1, "score_every": 0, "save_every": 0}
    states = []
    for watched in (True, False):
        place = begun(tmp_path / str(watched))
        train_run(
            contract.small_run(name), place, Settings(vitals=watched, sample_every=0, **settings), quiet=True
        )
        states.append(final(place))
    assert states[0]["hooks"].pop("diagnosis")
    assert "diagnosis" not in states[1]["hooks"]
    assert differences(*states) == []
    assert len(vitals(tmp_path / "True")) == 4
    assert vitals(tmp_path / "False") == []


def test_a_probe_leaves_modes_gradients_buffers_and_noise_as_they_were():
    run = contract.small_run("image.sngan")
    contract.train_steps(run)
    run.game.train()
    run.game.discriminator.eval()  # a frozen part stays frozen
    modes = [module.training for module in run.game.modules()]
    gradients = {name: p.grad.clone() for name, p in run.game.named_parameters() if p.grad is not None}
    before = {name: value.clone() for name, value in run.game.state_dict().items()}
    Vitals(run, CPU, None).probe(10, EMA(run.game))
    assert [module.training for module in run.game.modules()] == modes
    assert all(
        torch.equal(p.grad, gradients[n]) for n, p in run.game.named_parameters() if p.grad is not None
    )
    assert gradients
    assert all(torch.equal(value, before[name]) for name, value in run.game.state_dict().items())


def test_gradients_are_those_of_players_that_have_just_moved():
    """What another left in an earlier phase is not there after a resume, so it must not be logged."""
    run = contract.small_run("translate.srgan")  # at its first step the generator moves alone
    for p in run.game.parameters():
        p.grad = torch.ones_like(p)
    vitals = Vitals(run, CPU, None)
    first, second = (vitals.probe(step, EMA(run.game)) for step in (1, 2))
    assert "vital/grad/generator" in first
    assert "vital/grad/discriminator" not in first
    assert {"vital/grad/generator", "vital/grad/discriminator"} <= second.keys()


def test_probes_are_a_function_of_the_step_and_of_what_is_remembered():
    run = ring_run()
    average, one, other = EMA(run.game), Vitals(run, CPU, None), Vitals(run, CPU, None)
    contract.train_steps(run)
    one.probe(10, average)
    contract.train_steps(run)
    other.load_state_dict(one.state_dict())
    expected = one.probe(20, average)
    torch.manual_seed(1)
    assert other.probe(20, average) == expected
    assert {"vital/turn/generator", "vital/movement"} - expected.keys() == {"vital/turn/generator"}
    contract.train_steps(run)
    assert "vital/turn/generator" in one.probe(30, average)


def test_probes_are_about_a_hundred_and_share_the_lines_of_the_log(tmp_path):
    assert interval(50, 45_000) == 450
    assert interval(50, 300) == 50
    assert interval(0, 300) == 0
    assert interval(7, 1_000) == 7
    assert count(ImageSpace(2_048, 2_048, 3)) == 32
    assert count(ImageSpace(64, 64, 3)) == 128
    assert count(SoundSpace(8_000, 1_024)) == 32
    place = begun(tmp_path / "run")
    train_run(
        ring_run(20), place, Settings(device="cpu", log_every=5, score_every=0, sample_every=0), quiet=True
    )
    assert [line["step"] for line in vitals(place)] == [5, 10, 15, 20]
    assert all("generator" in line for line in vitals(place))


class Still(torch.nn.Module):
    """Always the same point."""

    latent = 2

    def __init__(self) -> None:
        super().__init__()
        self.at = torch.nn.Parameter(torch.tensor([1.0, 0.0]))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.at.expand(len(z), 2)


def test_signs_of_a_single_point_and_of_the_data_itself():
    run = ring_run()
    run.game.generator = Still()
    signs = Vitals(run, CPU, None).probe(10, EMA(run.game))
    assert signs["vital/diversity"] == pytest.approx(0, abs=1e-6)
    assert signs["vital/duplicates"] == 1
    assert signs["vital/coverage"] == pytest.approx(1 / 8, abs=0.05)
    assert signs["vital/frechet"] > 1
    real = Real(run, 128)
    reference = real.reference
    known = reference.measure(real.axes(run.samples.held_out.read(np.arange(128)).astype(np.float64)))
    assert known["diversity"] == pytest.approx(1, abs=0.1)
    assert known["vendi"] == pytest.approx(1, abs=0.15)
    assert known["coverage"] == 1
    assert known["precision"] > 0.9
    assert known["frechet"] < 0.05
    assert 0.35 < known["two_sample_accuracy"] < 0.65
    assert reference.measure(reference.real[:100])["copies"] == 1


def test_a_portrait_of_hardly_any_samples_has_no_holes():
    for n in (1, 2, 7):
        real = np.random.default_rng(0).standard_normal((n, 3))
        reference = Reference.of(real, None, 0, 32, seed=0)
        assert reference.measure(real * 1.1)["coverage"] == 1


def test_clusters_are_found_and_empty_ones_dropped():
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    x = np.concatenate([c + 0.1 * rng.standard_normal((50, 2)) for c in centres])
    found = clusters(x, 3, seed=0)
    assert np.sqrt(squared_distances(centres, found).min(1)).max() < 0.1
    assert len(clusters(np.ones((20, 2)), 5, seed=0)) == 1


def test_distances_are_those_of_pairs():
    a, b = torch.randn(20, 5).double(), torch.randn(30, 5).double()
    assert np.allclose(squared_distances(a.numpy(), b.numpy()), torch.cdist(a, b).square().numpy())


def test_a_sketch_keeps_lengths_and_angles():
    torch.manual_seed(0)
    sketch, start = Sketch("generator"), torch.randn(50_000)
    step, across = torch.randn(50_000), torch.randn(50_000)
    sketch.follow([start])
    moved, _ = sketch.follow([start + step])
    assert moved == pytest.approx(float(step.norm()), rel=0.15)
    assert sketch.follow([start + 2 * step])[1] == pytest.approx(1, abs=0.02)
    assert sketch.follow([start + step])[1] == pytest.approx(-1, abs=0.02)
    assert abs(sketch.follow([start + step + across])[1]) < 0.3


def test_ties_count_half():
    assert above(np.array([1.0, 2.0]), np.array([1.0, 0.0])) == pytest.approx(0.875)


def made_of(raw: np.ndarray, labels: np.ndarray | None = None, classes: tuple[str, ...] = ()) -> Run:
    source = ArraySource(raw.astype(np.float32), labels, classes)
    samples = Samples(source, PointSpace(2, 1.0, classes), batch=8)
    run = ring_run()
    optimizers = {n: adam(getattr(run.game, n), 1e-3) for n in ("discriminator", "generator")}
    return Run(GAN(run.game.generator, run.game.discriminator), samples, optimizers, steps=10)


def test_facts_of_the_data():
    rng = np.random.default_rng(0)
    good = rng.standard_normal((200, 2))
    labels = (good[:, 0] > 0).astype(np.int64)
    found = {
        name.removeprefix("data/"): value for name, value in about(made_of(good, labels, ("a", "b"))).items()
    }
    assert (found["samples"], found["held_out"], found["classes"]) == (200, 0, 2)
    assert found["duplicates"] == 0
    assert found["agreement"] > 0.9
    assert found["mislabelled"] < 0.05
    shuffled = about(made_of(good, rng.permutation(labels), ("a", "b")))
    assert shuffled["data/agreement"] == pytest.approx(shuffled["data/chance"], abs=0.12)
    good[:100], good[:, 1] = good[0], 3.0
    spoilt = about(made_of(good))
    assert spoilt["data/duplicates"] == pytest.approx(0.495)
    assert spoilt["data/constant_channels"] == 1


def about(run: Run) -> dict[str, float]:
    return facts(run.samples, Real(run, 128))


def test_a_channel_of_a_series_that_never_changes_is_one_and_a_time_that_does_not_is_none():
    run = contract.small_run("series.rcgan")
    raw = np.random.default_rng(0).normal(size=(60, 6, 3))
    raw[:, 2] = 0.5  # at one time all are equal
    raw[:, :, 1] = 7.0
    space = SeriesSpace.of(raw)
    run.samples = Samples(ArraySource(raw), space, batch=8)
    found = about(run)
    assert found["data/constant_channels"] == 1
    assert found["data/uncalibrated"] == 1
    assert "data/uncalibrated" not in about(ring_run())


def test_rows_that_repeat_and_rare_values_are_no_fault_of_a_table():
    found = about(contract.small_run("table.tvae"))
    assert found.keys().isdisjoint({"data/constant_channels", "data/duplicates", "data/edge"})
    assert found["data/uncalibrated"] == 1


def test_a_kind_of_samples_that_nobody_knows_is_refused():
    class Odd(PointSpace):
        """Of no modality."""

    run = ring_run()
    run.samples = Samples(run.samples.source, Odd(2), batch=8)
    with pytest.raises(ValueError, match="no kind of data has samples of Odd"):
        about(run)


def test_data_that_is_bad_is_told_before_the_first_step(tmp_path, capsys):
    train_run(made_of(np.ones((50, 2))), begun(tmp_path / "run"), QUICK)
    assert "step 0: bad data" in capsys.readouterr().err
    assert examine(tmp_path / "run")[0].fault == Fault.DATA


TOY = dict(data="ring", width=16, depth=2, batch=32, steps=600)
QUIETLY = dict(
    device="cpu", log_every=3, score_every=0, sample_every=0, save_every=30, quiet=True, report=False
)
ABSURD = TOY | dict(lr=0.2, seed=1)


@pytest.fixture(scope="module")
def collapsed(tmp_path_factory) -> Path:
    """A run at an absurd rate."""
    place = tmp_path_factory.mktemp("runs") / "collapsed"
    api.train("toy.r3gan", out=place, **ABSURD, **QUIETLY)
    return place


@pytest.fixture(scope="module")
def rescued(tmp_path_factory) -> Path:
    """The same run, treated."""
    place = tmp_path_factory.mktemp("runs") / "rescued"
    api.train("toy.r3gan", out=place, rescue=1, **ABSURD, **QUIETLY)
    return place


def test_a_run_at_an_absurd_rate_is_ill(collapsed):
    names = {finding.fault for finding in examine(collapsed)}
    assert Fault.COLLAPSE in names


def test_a_sensible_run_is_not(tmp_path):
    sensible = TOY | dict(data="moons", width=32, batch=64, steps=500, half_life=2_000.0)
    api.train("toy.r3gan", out=tmp_path / "run", **sensible, **QUIETLY)
    assert examine(tmp_path / "run") == []


def test_a_rescued_run_has_its_rate_back_and_is_better(collapsed, rescued):
    described = folder.load(rescued)
    assert described["options"]["lr"] == defaults(zoo.recipe("toy.r3gan"))["lr"]
    assert folder.asked(described)["options"]["lr"] == 0.2
    (treatment,) = described["treatments"]
    assert treatment["changes"]["lr"] == described["options"]["lr"]
    assert treatment["to"] == 0
    events = [line["event"] for line in lines(rescued) if "event" in line]
    assert any(words.startswith("treated: ") and "back to the start" in words for words in events)
    assert events[-1].startswith("finished")
    last = [read(place).vitals["averaged/frechet"][-1][1] for place in (collapsed, rescued)]
    assert last[1] < 0.5 * last[0]


def test_the_same_command_goes_on_with_a_treated_run(rescued, tmp_path):
    place = Path(shutil.copytree(rescued, tmp_path / "again"))
    log = (place / "log.jsonl").read_bytes()
    outcome = api.train("toy.r3gan", out=place, rescue=1, **ABSURD, **QUIETLY)
    assert outcome.complete
    assert (place / "log.jsonl").read_bytes() == log
    with pytest.raises(folder.RunError, match=r"lr was 0\.2 and is 0\.1"):
        api.train("toy.r3gan", out=place, rescue=1, **ABSURD | {"lr": 0.1}, **QUIETLY)


@pytest.mark.parametrize("at", [45, 160])
def test_killed_before_or_after_its_treatment_it_ends_the_same(rescued, tmp_path, at, monkeypatch):
    from ptarmigan.training.trainer import Trainer

    call_hooks, times = Trainer.call_hooks, [0]

    def dying(trainer, terms):
        times[0] += 1
        if times[0] == at:
            raise MemoryError("killed")
        call_hooks(trainer, terms)

    place = tmp_path / "killed"
    monkeypatch.setattr(Trainer, "call_hooks", dying)
    with pytest.raises(MemoryError):
        api.train("toy.r3gan", out=place, rescue=1, **ABSURD, **QUIETLY)
    api.train("toy.r3gan", out=place, rescue=1, **ABSURD, **QUIETLY)
    assert differences(final(rescued), final(place)) == []
    assert (rescued / "log.jsonl").read_bytes() == (place / "log.jsonl").read_bytes()
    assert folder.treatments(place) == folder.treatments(rescued)


def test_without_rescue_nothing_is_treated(collapsed):
    assert "treatments" not in folder.load(collapsed)


def test_a_run_made_in_python_cannot_be_rescued():
    with pytest.raises(ValueError, match="--rescue changes the options of a recipe"):
        api.train(ring_run(), rescue=1)


def test_a_run_that_is_not_finite_is_treated_instead_of_stopped(tmp_path):
    hopeless = TOY | dict(lr=1e20)
    outcome = api.train("toy.r3gan", out=tmp_path / "run", rescue=1, **hopeless, **QUIETLY)
    assert outcome.complete
    assert folder.load(tmp_path / "run")["options"]["lr"] < 1
    assert np.isfinite(read(tmp_path / "run").vitals["averaged/frechet"][-1][1])


def test_the_last_resort_is_another_recipe(tmp_path, monkeypatch):
    monkeypatch.setattr(treatment, "REMEDIES", dict.fromkeys(Fault, ()))
    place, width = tmp_path / "run", {"width": 16}
    collapsing = dict(data="ring", batch=32, steps=300, lr=5e-2) | width
    monkeypatch.setattr(treatment, "restored", lambda fault: lambda now: {})
    outcome = api.train("toy.gan", out=place, rescue=1, **collapsing, **QUIETLY)
    described = folder.load(place)
    assert outcome.complete
    assert (described["recipe"], described["options"]["steps"]) == ("toy.r3gan", 300)
    assert described["options"]["width"] == defaults(zoo.recipe("toy.r3gan"))["width"]
    assert folder.asked(described)["recipe"] == "toy.gan"
    again = api.train("toy.gan", out=place, rescue=1, **collapsing, **QUIETLY)
    assert again.complete


SMALL = {
    "series.rcgan": dict(
        data="sines", length=6, width=8, latent=2, batch=16, steps=150, lr_discriminator=1e20
    ),
    "anomaly.bigan": dict(width=8, latent=2, batch=32, steps=150, lr=1e20),
    "table.ctgan": dict(data="iris", width=8, latent=4, batch=30, steps=150, lr=1e20),
}
ENDS = {
    "series.rcgan": "series.doppelganger",
    "anomaly.bigan": "anomaly.ganomaly",
    "table.ctgan": "table.tvae",
}


@pytest.mark.parametrize("name", SMALL)
def test_a_rescue_ends_in_a_recipe_for_the_same_task_and_data_and_can_be_gone_on_with(
    name, tmp_path, monkeypatch
):
    monkeypatch.setattr(treatment, "changes", lambda fault, now, before=(): iter(()))
    asked, place = SMALL[name] | QUIETLY, tmp_path / "run"
    outcome = api.train(name, out=place, rescue=2, **asked)
    assert outcome.complete
    assert folder.load(place)["recipe"] == ENDS[name]
    assert api.train(name, out=place, rescue=2, **asked).complete
    assert (place / "generator.safetensors").exists()


def test_a_detector_of_images_never_becomes_a_generator():
    run = contract.small_run("anomaly.ganomaly_images")
    asked = treatment.setup("anomaly.ganomaly_images", contract.small("anomaly.ganomaly_images"), zoo.recipe)
    done = [{"recipe": "image.r1gan", "changes": {}}]
    assert treatment.instead(Fault.COLLAPSE, run) == "image.r1gan"
    assert not treatment.can_be_built(run, asked, done, zoo.recipe)


def test_a_treatment_that_cannot_be_built_is_passed_over(monkeypatch):
    """The next one is taken; where none can be built, none."""
    found = Finding(Fault.COLLAPSE, 10)
    run = contract.small_run("toy.pacgan")
    options = defaults(zoo.recipe("toy.pacgan")) | contract.small("toy.pacgan")
    asked = treatment.setup("toy.pacgan", options, zoo.recipe)
    monkeypatch.setattr(treatment, "changes", lambda *_: iter([{"width": 0}, {"lr": 0.5}]))
    taken = treatment.treat(found, asked, zoo.recipe, run=run)
    assert taken is not None
    assert taken.changes == {"lr": 0.5}
    monkeypatch.setattr(treatment, "changes", lambda *_: iter([{"width": 0}]))
    monkeypatch.setattr(treatment, "instead", lambda *_: "image.r1gan")
    assert treatment.treat(found, asked, zoo.recipe, run=run) is None


def test_a_folder_that_an_earlier_version_treated_wrongly_is_said_so_in_a_line(tmp_path):
    place, asked = tmp_path / "run", SMALL["series.rcgan"] | dict(lr_discriminator=0.1) | QUIETLY
    api.train("series.rcgan", out=place, **asked)
    folder.treat(place, {"recipe": "toy.r3gan", "changes": {}, "to": 0, "words": "treated: mode collapse"})
    with pytest.raises(
        folder.RunError, match=r"changed its recipe from series\.rcgan to toy\.r3gan"
    ) as error:
        api.train("series.rcgan", out=place, **asked)
    assert "\n" not in str(error.value)
    assert "choose another --out" in str(error.value)
