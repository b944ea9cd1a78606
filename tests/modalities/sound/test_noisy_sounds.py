"""Pairs of noisy and clean sounds: by names, cut alike, and made by adding noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ptarmigan.modalities.sound.masks import ideal, masked, subtracted
from ptarmigan.modalities.sound.measures import si_sdr
from ptarmigan.modalities.sound.noisy import NoisySounds, decibels, place
from ptarmigan.modalities.sound.pairs import coloured, louder
from ptarmigan.modalities.sound.vowels import RATE, vowels
from ptarmigan.modalities.sound.wav import wav
from ptarmigan.zoo.sound.segan import WaveGenerator, channels, deemphasised, emphasised


def write(folder: Path, names: dict[str, np.ndarray], rate: int = RATE) -> None:
    for name, samples in names.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(wav(samples, rate))


@pytest.mark.parametrize(
    ("path", "side", "apart", "name"),
    [
        ("clean/a.wav", "clean", False, "a"),
        ("noisy_trainset_28spk_wav/p226_001.wav", "noisy", False, "p226_001"),
        ("clean_testset_wav/p232_001.wav", "clean", True, "p232_001"),
        ("train/noisy/anna/a.wav", "noisy", False, "anna/a"),
        ("Test/Noisy/clean_bell.WAV", "noisy", True, "clean_bell"),
        ("noisy_set/clean/b.wav", "clean", False, "b"),
        ("noisy_fileid_7.wav", "noisy", False, "_fileid_7"),
        ("contest/clean/a.wav", "clean", False, "contest/a"),
        ("other/a.wav", "", False, "other/a"),
    ],
)
def test_names_say_which_side_a_sound_is_of(path, side, apart, name):
    assert place(path) == (side, apart, name)


def test_pairs_are_cut_at_the_same_places_and_keep_their_ratio(tmp_path):
    rng = np.random.default_rng(0)
    long = rng.uniform(-0.4, 0.4, 9_000).astype(np.float32)
    sounds = {"long": long, "short": long[:700] * 0.5, "odd": long[:2_000]}
    write(tmp_path / "train" / "noisy", {f"{k}.wav": 0.5 * v for k, v in sounds.items()})
    write(tmp_path / "train" / "clean", {f"{k}.wav": v for k, v in (sounds | {"odd": long}).items()})
    write(tmp_path / "test" / "noisy", {"x.wav": long})
    write(tmp_path / "test" / "clean", {"x.wav": 0.5 * long})
    samples = NoisySounds(str(tmp_path), length=1_024).open(batch=2)
    given = samples.require_condition()
    assert len(samples) == len(given.source) == 8 + 1
    rows = np.arange(9)
    noisy, clean = given.source.read(rows), samples.source.read(rows)
    np.testing.assert_allclose(clean, 2 * noisy, atol=1e-3)
    assert np.abs(noisy).max() == pytest.approx(1, abs=1e-3)
    assert (clean[-1, 700:] == 0).all()
    np.testing.assert_allclose(given.held_out.read(rows[:8]), 2 * samples.held_out.read(rows[:8]), atol=1e-3)
    assert any("odd.wav" in reason for reason in given.source.bad)
    batch = samples.load(0)
    np.testing.assert_allclose(batch.x, 2 * batch.c, atol=1e-3)


def test_a_damaged_file_takes_its_partner_with_it(tmp_path):
    clips, _ = vowels(12, "example")
    sounds = {f"{i}.wav": clip for i, clip in enumerate(clips)}
    write(tmp_path / "noisy", {k: 0.5 * v for k, v in sounds.items()})
    write(tmp_path / "clean", sounds)
    (tmp_path / "clean" / "3.wav").write_bytes(b"RIFF")
    samples = NoisySounds(str(tmp_path)).open(batch=2)
    given = samples.require_condition()
    assert (len(samples), len(samples.held_out)) == (10, 1)
    rows = np.arange(10)
    scale = np.abs(given.source.read(rows)).max(1) / np.abs(samples.source.read(rows)).max(1)
    np.testing.assert_allclose(scale, 0.5, atol=1e-3)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({"noisy": ["a", "b"], "clean": ["a", "c"]}, "no partner"),
        ({"test/noisy": ["a"], "test/clean": ["a"]}, "to train on"),
    ],
)
def test_sounds_that_do_not_pair_are_one_line(tmp_path, names, words):
    clip = vowels(1, "example")[0][0]
    for folder, each in names.items():
        write(tmp_path / folder, {f"{name}.wav": clip for name in each})
    with pytest.raises(ValueError, match=words):
        NoisySounds(str(tmp_path)).open(batch=1)


def test_one_set_alone_gets_noise_of_the_ratio_that_is_asked_for():
    samples = NoisySounds("vowels", snr="3").open(batch=4)
    given, rows = samples.require_condition(), np.arange(20)
    noisy, clean = given.held_out.read(rows), samples.held_out.read(rows)
    np.testing.assert_array_equal(noisy, given.held_out.read(rows))
    assert np.abs(noisy).max(1) == pytest.approx(1)
    spoken = (clean != 0).sum(1)
    ratio = np.square(clean).sum(1) / spoken / np.square(noisy - clean).mean(1)
    np.testing.assert_allclose(10 * np.log10(ratio), 3, atol=0.1)


def test_noise_is_from_white_to_brown():
    rng = np.random.default_rng(0)
    tilt = []
    for _ in range(30):
        power = np.abs(np.fft.rfft(coloured(rng, 4_096))) ** 2
        tilt.append(np.log(power[64:128].mean() / power[1_024:].mean()) / np.log(16))
    assert min(tilt) < 0.3
    assert 1.5 < max(tilt) < 2.5
    assert louder(np.ones(4, np.float32), np.ones(4, np.float32), 20) == pytest.approx(0.1)


@pytest.mark.parametrize("text", ["", "loud", "10:0", "1:2:3", "nan"])
def test_ratios_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match="--snr"):
        decibels(text)
    assert decibels("-5:2.5") == (-5, 2.5)


def test_masks_take_noise_out_and_the_ideal_one_takes_more():
    clean = vowels(8, "example")[0]
    noisy = clean + 0.1 * np.random.default_rng(0).standard_normal(clean.shape).astype(np.float32)
    np.testing.assert_allclose(masked(noisy, 256, torch.ones_like), noisy, atol=1e-5)
    before, plain, best = (
        si_sdr(clean, x).mean() for x in (noisy, subtracted(noisy, 256), ideal(noisy, clean, 256))
    )
    assert before + 2 < plain < best


def test_raised_high_frequencies_come_back():
    x = torch.randn(2, 1, 3_000)
    assert torch.allclose(deemphasised(emphasised(x)), x, atol=1e-4)


def test_the_wave_network_is_the_published_one_and_takes_any_length():
    assert channels(16_384, 16) == [16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 1_024]
    network = WaveGenerator(16_384, 1)
    assert network.latent == 64 * 8
    short = WaveGenerator(1_000, 2)
    for length in (1_000, 3_333):
        assert short(torch.randn(2, 1, length), torch.randn(2, short.latent)).shape == (2, 1, length)
    with pytest.raises(ValueError, match="too short"):
        channels(10, 4)


def test_rates_and_channels_of_a_pair_may_differ(tmp_path):
    clip = np.repeat(vowels(1, "example")[0], 2, 0).T
    write(tmp_path / "noisy", {f"{i}.wav": 0.5 * np.repeat(clip, 2, 0) for i in range(4)}, 2 * RATE)
    write(tmp_path / "clean", {f"{i}.wav": clip[:, 0] for i in range(4)})
    samples = NoisySounds(str(tmp_path), rate=RATE).open(batch=1)
    noisy, clean = (one.read(np.arange(3)) for one in (samples.require_condition().source, samples.source))
    assert np.corrcoef(noisy.ravel(), clean.ravel())[0, 1] > 0.9
