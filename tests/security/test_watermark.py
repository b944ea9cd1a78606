"""Watermarks: the key is read from a tuned run, not from others; approximations are near what programs do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import ptarmigan
from ptarmigan.security.approximations import CHANGES as APPROXIMATIONS
from ptarmigan.security.approximations import jpeg
from ptarmigan.security.changes import CHANGES, changed
from ptarmigan.security.changes import blur as blurred
from ptarmigan.security.changes import jpeg as saved
from ptarmigan.security.key import Decoder, Key, read_key
from ptarmigan.security.luck import by_luck, needed
from ptarmigan.security.verify import verify
from ptarmigan.security.watermark import watermark

QUICK = dict(quiet=True, report=False, vitals=False, sample_every=0, score_every=0, device="cpu")
BITS = torch.tensor([0, 1, 1, 0] * 8).float()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A run of noise at 16 pixels, and the same with a mark."""
    folder = tmp_path_factory.mktemp("marks")
    rows = np.random.default_rng(0).integers(60, 200, (64, 16, 16, 1), np.uint8)
    np.save(folder / "noise.npy", rows)
    data = str(folder / "noise.npy")
    ptarmigan.train(
        "image.dcgan", data=data, width=8, latent=8, steps=3, batch=8, out=folder / "run", **QUICK
    )
    how = dict(bits=BITS, steps=200, tune=150, device="cpu")
    watermark(folder / "run", folder / "key.safetensors", folder / "marked", **how)
    return folder


def test_bits_are_those_of_the_literature():
    assert [needed(bits, 1e-6) for bits in (32, 48, 64, 100)] == [30, 41, 51, 74]
    assert by_luck(32, 32) == 2.0**-32
    assert by_luck(0, 32) == 1
    with pytest.raises(ValueError, match="it takes 40 bits"):
        needed(32, 1e-12)


def test_a_marked_run_is_told_by_its_samples_and_others_are_not(place):
    for name, seed in (("marked", 7), ("run", 7)):
        np.save(place / f"{name}.npy", ptarmigan.load(place / name).sample(200, seed=seed))
    mine, plain = (
        verify(str(place / f"{n}.npy"), place / "key.safetensors", rate=1e-4) for n in ("marked", "run")
    )
    assert mine.carries
    assert mine.right > plain.right + 0.25
    assert not plain.carries
    assert plain.accepted == 0
    assert not verify(str(place / "noise.npy"), place / "key.safetensors").carries


def test_a_key_is_never_overwritten_and_never_guessed_at(place, cli):
    done = cli("watermark", place / "run", "--key", place / "key.safetensors", "--out", place / "new")
    assert done.returncode == 2
    assert "a key is never overwritten" in done.stderr.splitlines()[-1]
    done = cli("verify", place / "noise.npy", "--key", place / "run" / "generator.safetensors")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("generator.safetensors is no key of a watermark")
    rgb = np.zeros((4, 16, 16, 3), np.uint8)
    np.save(place / "rgb.npy", rgb)
    done = cli("verify", place / "rgb.npy", "--key", place / "key.safetensors")
    assert "the key reads grey images" in done.stderr.splitlines()[-1]


def test_a_key_comes_back_as_it_was(tmp_path):
    key = Key(BITS, (1, 16, 16), Decoder((1, 16, 16), 32).eval().requires_grad_(False))
    key.write(tmp_path / "key")
    again, x = read_key(tmp_path / "key"), torch.rand(3, 1, 16, 16)
    assert torch.equal(again.bits, BITS)
    assert torch.equal(again.decoder(x), key.decoder(x))
    assert again.name == key.name
    with pytest.raises(ValueError, match="is there already"):
        key.write(tmp_path / "key")


@pytest.mark.parametrize("channels", [1, 3])
def test_the_approximation_of_jpeg_is_near_jpeg(channels):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (4, 4, 4, channels)).astype(np.uint8)
    smooth = np.stack([changed(one.repeat(8, 0).repeat(8, 1)[None], blurred(4))[0] for one in coarse])
    x = torch.from_numpy(smooth).permute(0, 3, 1, 2) / 127.5 - 1

    class Quality:
        uniform = staticmethod(lambda low, high: 50.0)

    near = ((jpeg(x.float(), Quality()) + 1) * 127.5).permute(0, 2, 3, 1).numpy()
    real = changed(smooth, saved(50)).astype(float)
    assert np.abs(near - real).mean() < 0.6 * np.abs(smooth - real).mean(), "nearer to JPEG than to no change"


@pytest.mark.parametrize("change", APPROXIMATIONS, ids=lambda change: change.__name__)
def test_gradients_go_through_every_change(change):
    x = (torch.rand(2, 3, 20, 18) - 0.5).requires_grad_()
    y = change(x, np.random.default_rng(0))
    assert y.shape == x.shape
    y.square().sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_programs_change_pictures_and_keep_their_form():
    raw = np.random.default_rng(0).integers(0, 255, (2, 16, 16, 3)).astype(np.uint8)
    for change in CHANGES.values():
        found = changed(raw, change)
        assert (found.shape, found.dtype) == (raw.shape, raw.dtype)
        assert (found != raw).any()
