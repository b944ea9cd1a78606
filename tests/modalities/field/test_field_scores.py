"""Scores of ensembles and fields, against pysteps and scoringrules, and by what they must be."""

from __future__ import annotations

import json

import numpy as np
import pytest
from field_reference import FILE, fields, moving

from ptarmigan.modalities.field.categories import contingency, fractions_skill
from ptarmigan.modalities.field.ensemble import crps, outliers, rank_distance, ranks, spread_skill
from ptarmigan.modalities.field.flow import extrapolate, optical_flow
from ptarmigan.modalities.field.rainfarm import block_mean, enlarged, rainfarm
from ptarmigan.modalities.field.spectrum import fine_power, log_spectral_distance, spectrum

REFERENCE = json.loads(FILE.read_text())
"""Of pysteps 1.21.5 and scoringrules."""


def test_crps_is_that_of_pysteps_and_of_scoringrules():
    members, observed = fields()
    assert crps(*fields(least=0.0)).mean() == pytest.approx(REFERENCE["crps of rain"], rel=1e-9)
    assert crps(members, observed).mean() == pytest.approx(REFERENCE["crps"], rel=1e-9)
    assert crps(members, observed, fair=True).mean() == pytest.approx(REFERENCE["fair crps"], rel=1e-9)


def test_the_crps_of_one_member_is_its_error_and_a_fair_one_needs_two():
    members, observed = fields()
    assert np.allclose(crps(members[:1], observed), np.abs(members[0] - observed))
    with pytest.raises(ValueError, match="two members"):
        crps(members[:1], observed, fair=True)


def test_spectra_skill_and_categories_are_those_of_pysteps():
    members, observed = fields()
    assert np.allclose(spectrum(observed), REFERENCE["spectrum"], rtol=1e-9)
    found = [fractions_skill(members[0], observed, 1.0, scale) for scale in (1, 4, 7)]
    assert np.allclose(found, REFERENCE["fss"], rtol=1e-6)
    counts = contingency(members[0], observed, 1.0)
    assert (counts.csi, counts.pod, counts.far) == pytest.approx(
        (REFERENCE["csi"], REFERENCE["pod"], REFERENCE["far"])
    )
    assert sum(counts) == observed.size


def test_motion_is_found_as_pysteps_finds_it():
    down, across = optical_flow(moving()).mean((1, 2))
    assert (across, down) == pytest.approx(REFERENCE["flow"], abs=0.1)
    assert (down, across) == pytest.approx((1.5, -2.0), abs=0.1)


def test_what_is_carried_along_is_what_pysteps_carries():
    flow = np.stack([np.full((64, 64), 1.5), np.full((64, 64), -2.0)])
    ahead = extrapolate(moving()[-1], flow, 2)
    assert np.allclose(ahead[1, 20:40:4, 20:40:4], REFERENCE["ahead"], atol=1e-6)
    assert np.isnan(ahead[1, 0]).all()  # it comes from above the field


def test_ranks_of_a_calibrated_ensemble_are_flat_and_ties_are_broken():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((9, 40_000))
    flat = ranks(x[:8], x[8])
    assert rank_distance(flat) < 0.01
    assert outliers(flat) == pytest.approx(2 / 9, abs=0.01)
    assert rank_distance(ranks(0.3 * x[:8], x[8])) > 0.1
    dry = np.zeros((9, 40_000))
    assert rank_distance(ranks(dry[:8], dry[8].astype(np.float32))) < 0.01
    spread, skill = spread_skill(x[:8], x[8])
    assert spread == pytest.approx(skill, rel=0.02)


def test_what_is_missing_does_not_count():
    members, observed = fields()
    holed = np.where(np.arange(24) < 3, np.nan, observed)
    assert np.allclose(ranks(members, holed), ranks(members[:, :, 3:], observed[:, 3:]))
    assert sum(contingency(members[0], holed, 1.0)) == np.isfinite(holed).sum()
    assert np.isfinite(spectrum(holed)).all()


def test_blur_is_seen_in_the_spectrum():
    _, observed = fields()
    blurred = enlarged(block_mean(observed, 4), 4)
    assert fine_power(blurred, observed) < -0.1
    assert fine_power(observed, observed) == 0
    assert log_spectral_distance(observed, observed) == 0


def test_rainfarm_keeps_the_means_and_goes_on_with_the_spectrum():
    coarse = block_mean(fields()[1], 4)
    fine = rainfarm(coarse, 8, np.random.default_rng(0))
    assert fine.shape == (48, 48)
    assert np.allclose(block_mean(fine, 8), coarse)
    assert (fine >= 0).all()
    waves = np.log10(spectrum(np.log(rainfarm(np.ones((16, 16)), 8, np.random.default_rng(1)))))
    slope = np.polyfit(np.log10(np.arange(12, 60)), waves[12:60], 1)[0]
    assert slope == pytest.approx(-2.5, abs=0.4)
