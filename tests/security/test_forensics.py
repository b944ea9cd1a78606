"""Detectors: blurred images are told from others, images of one kind are not, and codecs are no help."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ptarmigan.security.changes import blur, changed
from ptarmigan.security.forensics import detect_generated
from ptarmigan.security.spectrum import profile


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 255, (400, 16, 16, 1)).astype(np.uint8)


def test_what_lacks_high_frequencies_is_told_at_a_calibrated_threshold(images):
    found = detect_generated(images[:200], changed(images[200:], blur(0.6)), steps=40)
    for each in found.found:
        assert each.auroc.value > 0.95
        assert each.accuracy > 0.85
        assert not each.tells_codecs
    assert found.falls_off > 3


def test_images_of_one_kind_are_at_chance(images):
    found = detect_generated(images[:200], images[200:], steps=20)
    for each in found.found:
        assert each.auroc.value == pytest.approx(0.5, abs=3.5 * each.auroc.error)
    assert abs(found.falls_off) < 1


def test_a_profile_is_power_by_frequency_with_a_gradient():
    at = torch.arange(16.0)
    wave = torch.cos(2 * torch.pi * 5 * at / 16).expand(1, 1, 16, 16).clone().requires_grad_()
    assert int(profile(wave)[0].argmax()) == 5
    profile(wave).sum().backward()
    assert wave.grad is not None
    assert wave.grad.abs().sum() > 0, "the published one has none"
    white = profile(torch.randn(64, 3, 12, 20)).mean(0)
    assert white.std() < 0.3, "noise has as much at all frequencies, whatever the sides"


def test_sets_that_cannot_be_compared_are_one_line(images, tmp_path, cli):
    for name, some in (("a", images[:60]), ("few", images[:5]), ("small", images[:60, :8, :8])):
        np.save(tmp_path / f"{name}.npy", some)
    done = cli("detect-generated", "--real", "a.npy", "--fake", "small.npy")
    assert (done.returncode, "--size makes sizes equal" in done.stderr) == (2, True)
    done = cli("detect-generated", "--real", "a.npy", "--fake", "few.npy")
    assert (done.returncode, "from 40 images of each side" in done.stderr) == (2, True)
