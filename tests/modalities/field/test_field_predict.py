"""Ensembles on the grid of a file, their scores beside old methods, and layers that keep means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ptarmigan import load, train
from ptarmigan.cli import run
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.field.baselines import baselines
from ptarmigan.modalities.field.conserve import Conserve, as_data
from ptarmigan.modalities.field.crps import fair_crps
from ptarmigan.modalities.field.ensemble import crps
from ptarmigan.modalities.field.files import read_grid
from ptarmigan.modalities.field.grid import Axis, Grid
from ptarmigan.modalities.field.outputs import MEMBERS, evaluator
from ptarmigan.modalities.field.rain import rain
from ptarmigan.modalities.field.rainfarm import block_mean
from ptarmigan.modalities.field.source import Fields
from ptarmigan.modalities.field.variable import Variable
from ptarmigan.modalities.field.write import write_netcdf

SMALL = dict(size=16, batch=4, steps=1, quiet=True, report=False, score_every=0, sample_every=0)


def put(path: Path, grid: Grid, **changed) -> Path:
    grid = replace(grid, **changed)
    variables = [Variable(v.name, v.units, words=v.words) for v in grid.variables]
    write_netcdf(path, grid.values, variables, (grid.y, grid.x), grid.time, grid.time_units)
    return path


def coarse_of(event: Grid, factor: int) -> Grid:
    axes = [Axis(a.name, a.values.reshape(-1, factor).mean(1), a.attributes) for a in (event.y, event.x)]
    return replace(event, values=block_mean(event.values, factor), y=axes[0], x=axes[1])


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("runs")
    train("field.downscale", out=place / "fine", factor=4, width=4, discriminator_width=4, **SMALL)
    train("field.dgmr", out=place / "next", past=2, future=3, width=4, discriminator_width=4, **SMALL)
    return place


def test_an_ensemble_of_fine_fields_has_the_means_and_the_place_of_the_coarse_ones(runs, tmp_path):
    event = rain()[-1]
    part = replace(event, values=event.values[:2, :, :40, :24], time=event.time[:2])
    part = replace(
        part, y=replace(part.y, values=part.y.values[:40]), x=replace(part.x, values=part.x.values[:24])
    )
    path = put(tmp_path / "coarse.nc", coarse_of(part, 4))
    out = tmp_path / "fine.nc"
    assert run(["predict", str(runs / "fine"), str(path), "--members", "3", "--out", str(out)], False) == 0
    found = read_grid(out)  # members are read as levels
    assert found.values.shape == (2, 3, 40, 24)
    assert np.allclose(found.y.values, part.y.values)
    assert np.allclose(found.x.values, part.x.values)
    assert not np.array_equal(found.values[:, 0], found.values[:, 1])
    kept = block_mean(found.values, 4)
    wet = kept > 0.1
    assert np.allclose(
        kept[wet], np.broadcast_to(coarse_of(part, 4).values, kept.shape)[wet], rtol=0.2, atol=0.05
    )


def test_fields_to_come_follow_on_those_of_the_file_and_gaps_stay(runs, tmp_path):
    event = rain()[-1]
    values = event.values.copy()
    values[-1, 0, :5, :7] = np.nan
    path = put(tmp_path / "hour.nc", event, values=values)
    for out in ("a.nc", "b.nc", "c.png"):
        args = [
            "predict",
            str(runs / "next"),
            str(path),
            "--members",
            "2",
            "--seed",
            "4",
            "--out",
            str(tmp_path / out),
        ]
        assert run(args, False) == 0
    found, again = read_grid(tmp_path / "a.nc"), read_grid(tmp_path / "b.nc")
    assert np.array_equal(found.values, again.values, equal_nan=True)
    assert found.values.shape == (3, 2, 64, 64)
    assert np.allclose(found.time, event.time[-1] + 5 * np.arange(1, 4))
    assert found.time_units == event.time_units
    assert np.isnan(found.values[:, :, :5, :7]).all()
    assert np.isfinite(found.values[:, :, 5:]).all()
    assert (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(time=5.0 * np.arange(24) * 2), "its times are 600 s apart, and those of the run 300 s"),
        (dict(variables=(replace(rain()[0].variables[0], units="m s-1"),)), "rain_rate is in m s-1"),
        (dict(x=Axis("x", 3.0 * np.arange(64), (("units", "m"),))), "its cells are 1000 × 3"),
        (dict(variables=(replace(rain()[0].variables[0], name="snow"),)), "has no variable 'rain_rate'"),
    ],
)
def test_files_that_do_not_fit_the_run_are_one_line(runs, tmp_path, capsys, change, words):
    path = put(tmp_path / "hour.nc", rain()[-1], **change)
    assert run(["predict", str(runs / "next"), str(path), "--out", str(tmp_path / "x.nc")], False) == 2
    assert words in capsys.readouterr().err.strip().splitlines()[-1]


def test_what_cannot_be_asked_is_one_line(runs, tmp_path, capsys):
    path = put(tmp_path / "hour.nc", rain()[-1])
    for args, words in (
        ((runs / "next", path, "--members", 0), "--members 0"),
        ((runs / "next", path, "--out", "x.csv"), "predictions are written to .nc or .png"),
        ((runs / "fine", path), "its cells are 1000 × 1000"),
        ((runs / "next", tmp_path / "none.nc"), "there is no file"),
    ):
        assert run(["predict", *map(str, args)], False) == 2
        assert words in capsys.readouterr().err


def test_ensembles_are_scored_beside_old_methods(runs):
    trained = load(runs / "fine", device="cpu")
    samples = Fields(size=16).open(batch=4, coarse=4)
    found = trained.evaluate(samples, 6, 0, Request())
    scores = {score.scale.name: score for score in found.scores}
    assert set(scores["CRPS"].baselines) == {"RainFARM", "bicubic", "analogs", "climatology"}
    assert found.samples == 6 * MEMBERS
    assert 0 < scores["CRPS"].value.value < 1
    perfect = samples.held_out.read(np.arange(6)).repeat(MEMBERS, 0)
    ideal = {s.scale.name: s.value.value for s in evaluator(samples, Request(n=6)).evaluate(perfect).scores}
    assert ideal["CRPS"] == pytest.approx(0, abs=1e-9)
    assert (ideal["CSI"], ideal["fine power"]) == (1, 0)


def test_baselines_of_nowcasts_beat_chance_and_motion_beats_persistence():
    samples = Fields(size=32).open(batch=4, past=3, future=2)
    rows = np.arange(0, 40, 4)
    given, real = samples.require_condition().held_out.read(rows), samples.held_out.read(rows)
    found = baselines(samples, given, 4)
    error = {name: float(crps(raw.swapaxes(0, 1), real).mean()) for name, raw in found.items()}
    assert error["extrapolation"] < 0.9 * error["persistence"]
    assert error["analogs"] < error["climatology"]


def test_means_are_kept_and_what_is_less_than_the_threshold_is_nothing():
    samples = Fields(size=32).open(batch=8, coarse=8)
    fine, coarse = samples.space, samples.require_inputs()
    batch = samples.load(0)
    noise = torch.randn(8, 1, 32, 32, generator=torch.Generator().manual_seed(0), requires_grad=True)
    made = Conserve(fine, coarse)(
        batch.c.repeat_interleave(8, 2).repeat_interleave(8, 3) + 0.2 * noise, batch.c
    )
    raw, given = fine.decode(made), coarse.decode(batch.c)
    assert ((raw == 0) | (raw >= fine.variables[0].threshold)).all()
    wet = given > 0.3
    assert np.allclose(block_mean(raw, 8)[wet], given[wet], rtol=0.1)
    made.sum().backward()
    assert torch.isfinite(noise.grad).all()
    assert torch.allclose(as_data(batch.x, fine), batch.x, atol=1e-5)
    linear = Fields(size=32, transform="standard").open(batch=8, coarse=8)
    x, c = linear.load(0)
    kept = Conserve(linear.space, linear.require_inputs())(x + noise.detach(), c)
    assert torch.allclose(torch.nn.functional.avg_pool2d(kept, 8), c, atol=1e-5)


def test_the_loss_is_the_fair_score():
    rng = np.random.default_rng(0)
    members, x = rng.normal(size=(3, 4, 1, 5, 5)), rng.normal(size=(3, 1, 5, 5))
    found = fair_crps(torch.from_numpy(members), torch.from_numpy(x)).numpy()
    assert np.allclose(found, crps(members.swapaxes(0, 1), x, fair=True))
