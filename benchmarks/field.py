"""Downscaling and nowcasting of rain: are ensembles calibrated, as fine as rain, better than old methods?

    python benchmarks/field.py [--entries baselines nowcast downscale]

Rain radar of the Finnish Meteorological Institute (``fmi_radar_half.npz``, 80 frames of two days every five
minutes, cells of 2 km): dBZ = (value − 64) / 2, mm/h = (10^(dBZ/10) / 223)^(1/1.53), what is below 0.1 mm/h
is 0. Training is on the first day, scores are of the second.

Downscaling: 500 patches of 64 × 64 at random places, of which a tenth is wet, from means of 8 × 8 cells; 16
members; numbers in log10 of rain from 0.025 (nothing) to 100 mm/h, scaled from 0 to 1. Aims: CRPS 0.042 or
less, log-spectral distance 9 or less, log10 of the fine power within 0.1, Kolmogorov–Smirnov distance of the
ranks 0.05 or less. Nowcasting: persistence and extrapolation in a window of 256 × 256 cells without gaps, and
``dgmr`` on the second day, from four fields to six, and from its own last four to six more. Aims: a CRPS
after 30 minutes below extrapolation's error, log10 of the fine power within 0.2.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from record import record

import ptarmigan
from ptarmigan.core import noise
from ptarmigan.core.inference import inference
from ptarmigan.modalities.field import ensemble
from ptarmigan.modalities.field.flow import extrapolate, optical_flow
from ptarmigan.modalities.field.grid import Axis
from ptarmigan.modalities.field.predict import ensemble as predicted
from ptarmigan.modalities.field.rainfarm import block_mean, enlarged, rainfarm
from ptarmigan.modalities.field.spectrum import fine_power, log_spectral_distance
from ptarmigan.modalities.field.variable import Variable
from ptarmigan.modalities.field.write import write_netcdf

SHARED = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data"))
DATA = SHARED / "physics" / "fmi_radar_half.npz"
DAY, SIDE, FACTOR, PATCHES, MEMBERS = 40, 64, 8, 500, 16
LEAST, DRY, MOST = 0.1, 0.025, 100.0
"""Millimetres an hour: the least that counts, what stands for nothing in logarithms, and their end."""
LEADS = (1, 3, 6, 12)
STARTS = tuple(range(3, DAY - LEADS[-1], 6))
WINDOW = (slice(240, 496), slice(85, 341))
"""Steps of five minutes, where forecasts begin, and rows and columns that are always observed."""
RUNS: dict[str, dict[str, Any]] = {
    "downscale": {"size": SIDE, "wet": 0.1, "turn": True, "width": 8, "steps": 900, "half_life": 3_000.0},
    "dgmr": {
        "size": SIDE,
        "future": 6,
        "wet": 0.1,
        "turn": True,
        "width": 8,
        "steps": 2_000,
        "half_life": 3_000.0,
    },
}


def radar() -> NDArray[np.float32]:
    """Rain ``(2, 40, 608, 380)`` in mm/h, NaN where there are no data."""
    stored = np.load(DATA)["x"].astype(np.float64)
    rain = (10 ** ((stored - 64) / 20) / 223) ** (1 / 1.53)
    rain[rain < LEAST] = 0
    rain[stored == 255] = np.nan
    return rain.reshape(2, DAY, *rain.shape[1:]).astype(np.float32)


def written(folder: Path) -> Path:
    """The two days as netCDF files."""
    folder.mkdir(parents=True, exist_ok=True)
    rain = radar()
    axes = tuple(
        Axis(n, 2000.0 * np.arange(size), (("units", "m"),))
        for n, size in zip("yx", rain.shape[2:], strict=True)
    )
    axes = (Axis("y", axes[0].values[::-1], axes[0].attributes), axes[1])
    for day, event in enumerate(rain):
        minutes = 5.0 * np.arange(DAY) + 100_000 * day
        variable = Variable("rain_rate", "mm h-1", words="rain rate")
        write_netcdf(
            folder / f"day{day}.nc", event[:, None], [variable], axes, minutes, "minutes since 2000-01-01"
        )
    return folder


def patches(day: int, n: int, seed: int = 0) -> NDArray[np.float32]:
    """Patches at random places and times of a day, without gaps, a tenth of them wet."""
    rain, rng, found = radar()[day], np.random.default_rng(seed), []
    while len(found) < n:
        t, y, x = (int(rng.integers(size)) for size in (DAY, rain.shape[1] - SIDE, rain.shape[2] - SIDE))
        patch = rain[t, y : y + SIDE, x : x + SIDE]
        if np.isfinite(patch).all() and (patch > 0).mean() >= 0.1:
            found.append(patch)
    return np.stack(found)


def unit(rain: NDArray[Any]) -> NDArray[np.float64]:
    """Logarithms of rain, from 0 to 1."""
    log = np.log10(np.where(rain < LEAST, DRY, np.asarray(rain, np.float64)))
    return np.asarray((log - np.log10(DRY)) / (np.log10(MOST) - np.log10(DRY)))


def distance_2d(a: NDArray[Any], b: NDArray[Any]) -> float:
    """The log-spectral distance of Leinonen et al. 2020, over all wave vectors of pairs, in dB."""
    x, y = (np.log10(np.maximum(np.abs(np.fft.fft2(each)) ** 2, 1e-12)) for each in (a, b))
    return float((10 * np.sqrt(np.square(x - y).mean((-2, -1)))).mean())


def scored(
    members: NDArray[Any], real: NDArray[Any], mm: NDArray[Any], coarse: NDArray[Any]
) -> dict[str, float]:
    """All scores of members ``(m, n, height, width)`` in the unit, and of their means in mm/h."""
    shares = ensemble.ranks(members, real)
    spread, skill = ensemble.spread_skill(members, real)
    several = len(members) > 1
    found = {
        "CRPS": ensemble.crps(members, real).mean(),
        "fair CRPS": ensemble.crps(members, real, fair=True).mean() if several else float("nan"),
        "CRPS in mm/h": ensemble.crps(mm[0], mm[1]).mean(),
        "RMSE of one": np.sqrt(np.square(members[0] - real).mean()),
        "RMSE of the mean": np.sqrt(np.square(members.mean(0) - real).mean()),
        "spread over error": spread / skill,
        "log-spectral distance": distance_2d(members[0], real),
        "log-spectral distance of radial means": log_spectral_distance(members[0], real).mean(),
        "fine power": fine_power(members[0], real),
        "rank KS": ensemble.rank_distance(shares) if several else float("nan"),
        "outliers": ensemble.outliers(shares) if several else float("nan"),
        "mass error": np.abs(unit(block_mean(mm[0][0], FACTOR)) - unit(coarse)).mean(),
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def downscaling_baselines() -> dict[str, Any]:
    """RainFARM, analogs, bicubic and nearest."""
    from scipy.ndimage import zoom

    real = patches(1, PATCHES)
    coarse, rng = block_mean(real, FACTOR), np.random.default_rng(0)
    farm = np.stack([[rainfarm(one, FACTOR, rng) for one in coarse] for _ in range(MEMBERS)])
    smooth = np.stack([zoom(one, FACTOR, order=3, grid_mode=True, mode="nearest") for one in unit(coarse)])
    library = patches(0, 20 * PATCHES, seed=1)
    far = np.square(
        unit(block_mean(library, FACTOR)).reshape(len(library), -1)[None]
        - unit(coarse).reshape(PATCHES, 1, -1)
    ).sum(-1)
    analogs = library[np.argsort(far, 1)[:, :MEMBERS]].swapaxes(0, 1)
    mm = {"nearest": enlarged(coarse, FACTOR)[None], "RainFARM": farm, "analogs": analogs}
    found = {name: scored(unit(each), unit(real), (each, real), coarse) for name, each in mm.items()}
    rain = DRY * (MOST / DRY) ** smooth
    found["bicubic"] = scored(smooth[None], unit(real), (np.where(rain < LEAST, 0, rain)[None], real), coarse)
    return found


def downscaled(run: Path, best: bool = False) -> dict[str, Any]:
    """The scores of a trained downscaling."""
    trained = ptarmigan.load(run, best=best, device="cpu")
    real = patches(1, PATCHES)
    coarse = block_mean(real, FACTOR)
    encoded = trained.inputs.encode(coarse[:, None, None])
    members = []
    for i in range(MEMBERS):
        with inference(trained.game, i, "benchmark", samples=PATCHES):
            z = noise.normal(PATCHES, trained.game.latent)
            parts = [
                trained.game.translate(*each) for each in zip(encoded.split(50), z.split(50), strict=True)
            ]
        members.append(np.concatenate([trained.space.decode(part) for part in parts])[:, 0, 0])
    mm = np.stack(members)
    return scored(unit(mm), unit(real), (mm, real), coarse)


def nowcasting_baselines() -> dict[str, Any]:
    """Mean absolute errors in mm/h of both days, which are the CRPS of one member, without gaps."""
    return {name: figures["CRPS"] for name, figures in without_training(radar()).items()}


def without_training(days: NDArray[np.float32]) -> dict[str, Any]:
    """What persistence and extrapolation reach in these days."""
    made: dict[str, list[NDArray[Any]]] = {"persistence": [], "extrapolation": []}
    for rain in np.nan_to_num(days):
        for start in STARTS:
            ahead = extrapolate(rain[start], optical_flow(unit(rain[start - 2 : start + 1])), LEADS[-1])
            made["persistence"].append(np.stack([rain[start][WINDOW]] * LEADS[-1]))
            made["extrapolation"].append(np.stack([each[WINDOW] for each in ahead]))
    real = observed(days)
    return {name: at_leads(np.stack(each)[None], real) for name, each in made.items()}


def observed(days: NDArray[np.float32]) -> NDArray[Any]:
    """What followed in the window after every start ``(starts, leads, y, x)``, in mm/h."""
    return np.stack([day[start + 1 : start + 1 + LEADS[-1]][:, *WINDOW] for day in days for start in STARTS])


def at_leads(members: NDArray[Any], real: NDArray[Any]) -> dict[str, dict[str, float]]:
    """Scores of members ``(m, starts, leads, y, x)`` in mm/h, and of their spectra in the unit."""
    found: dict[str, dict[str, float]] = {"CRPS": {}, "fine power": {}}
    for lead in LEADS:
        ahead, seen = members[:, :, lead - 1], real[:, lead - 1]
        when = f"{5 * lead} min"
        found["CRPS"][when] = round(float(np.nanmean(ensemble.crps(ahead, seen))), 4)
        found["fine power"][when] = round(float(np.mean(fine_power(unit(ahead[0]), unit(seen)))), 4)
    return found


def nowcast(run: Path, best: bool = False) -> dict[str, Any]:
    """The scores of a trained nowcasting on the second day, and those of old methods there."""
    trained = ptarmigan.load(run, best=best, device="cpu")
    days = radar()[1:]
    past = trained.inputs.times
    given = np.stack([days[0][start - past + 1 : start + 1][:, *WINDOW] for start in STARTS])
    members = []
    for i in range(MEMBERS):
        known = given
        while known.shape[1] < past + LEADS[-1]:
            known = np.concatenate([known, ahead(trained, known[:, -past:], i)], 1)
        members.append(known[:, past : past + LEADS[-1]])
    real = observed(days)
    return {f"dgmr, {MEMBERS} members": at_leads(np.stack(members), real), **without_training(days)}


def ahead(trained: Any, known: NDArray[Any], member: int) -> NDArray[Any]:
    """The fields that follow on the last ones ``(starts, times, y, x)``, by one member."""
    raw = known[:, :, None].astype(np.float32)
    (made,) = predicted(trained.game, trained.inputs, trained.space, raw, 1, member)
    return made[:, 0].reshape(len(known), -1, *known.shape[2:])


def main(entries: tuple[str, ...] = ("baselines", "nowcast", *RUNS), seed: int = 0, run: str = "") -> None:
    """Scores of recipes, and of old methods.

    Args:
        entries: which ones.
        seed: the random seed of training.
        run: a trained run of the one entry, which is then not trained.
    """
    torch.set_num_threads(1)
    for name in entries:
        begun = time.process_time()
        if name in OLD:
            found: dict[str, Any] = OLD[name]()
        elif run:
            found = SCORES[name](Path(run))
        else:
            with TemporaryDirectory() as place:
                found = trained(name, Path(place), seed)
        found["seconds of CPU"] = round(time.process_time() - begun)
        print(name, found, flush=True)
        record("field", {"seed": seed, **found}, part=name)


def trained(name: str, place: Path, seed: int) -> dict[str, Any]:
    """The scores of a recipe."""
    written(place / "data")
    options = {**RUNS[name], "data": str(place / "data"), "seed": seed}
    ptarmigan.train(
        f"field.{name}", out=place / "run", threads=1, score_every=0, sample_every=0, quiet=True, **options
    )
    return SCORES[name](place / "run")


SCORES: dict[str, Callable[[Path], dict[str, Any]]] = {"downscale": downscaled, "dgmr": nowcast}

OLD: dict[str, Callable[[], dict[str, Any]]] = {
    "baselines": downscaling_baselines,
    "nowcast": nowcasting_baselines,
}

if __name__ == "__main__":
    tyro.cli(main)
