"""Sounds are translated whole: any length, rate and number of channels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import Cli
from scipy.io import wavfile
from torch import nn

from ptarmigan.core.game import Turn
from ptarmigan.data.source import ArraySource
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.sound.mel_space import MelSpace
from ptarmigan.modalities.sound.nets import ResolutionDiscriminator
from ptarmigan.modalities.sound.noisy import NoisySounds
from ptarmigan.modalities.sound.restored import evaluator
from ptarmigan.modalities.sound.space import SoundSpace
from ptarmigan.modalities.sound.vowels import RATE, vowels
from ptarmigan.modalities.sound.wav import wav
from ptarmigan.nets.waves import PeriodDiscriminator
from ptarmigan.tasks.translate.sound_direction import SoundDirection
from ptarmigan.tasks.translate.sounds import translate_any
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.trained.loading import load
from ptarmigan.zoo.sound.vocos import VocosGenerator


class Smooth(Translation):
    """A translation that looks at 33 samples around each."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = nn.Conv1d(1, 1, 33, padding=16, bias=False)
        nn.init.constant_(self.generator.weight, 1 / 33)

    def turns(self) -> tuple[Turn, ...]:
        return ()


@pytest.mark.parametrize("length", [1, 300, 1_024, 4_096, 4_097, 30_000])
def test_pieces_have_no_seams_and_channels_do_not_mix(length):
    space = SoundSpace(RATE, 1_024)
    way = SoundDirection(Smooth().eval(), space, space)
    rng = np.random.default_rng(0)
    stereo = rng.uniform(-0.3, 0.3, (length, 2)).astype(np.float32)
    found = way(stereo)
    assert found.shape == stereo.shape
    for channel in (0, 1):
        whole = np.convolve(stereo[:, channel], np.ones(33) / 33, "same")[:length] if length >= 33 else None
        if whole is not None:
            np.testing.assert_allclose(found[:, channel], whole, atol=1e-5)


class Flipped(Smooth):
    """A translation whose every other piece is upside down, as a vocoder's phases may be."""

    calls = 0

    def translate(self, a: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return a * (-1) ** self.calls


def test_pieces_meet_where_nobody_hears_it():
    space = SoundSpace(RATE, 1_024)
    sound = np.random.default_rng(0).uniform(-1, 1, 20_000).astype(np.float32)
    sound[np.arange(20_000) % 400 > 250] = 0
    game = Flipped()
    found = SoundDirection(game.eval(), space, space)(sound)
    assert game.calls > 3
    np.testing.assert_allclose(np.abs(found), np.abs(sound), atol=1e-5)


def test_frames_become_as_many_samples_as_they_were_made_of():
    space = MelSpace(RATE, 2_048, (), 512, 128, 40)
    raw, _ = vowels(6, "example")
    mel = space.encode(raw[:, :2_048])
    assert mel.shape == (6, *space.shape) == (6, 40, 16)
    assert VocosGenerator(space, 8, 2)(mel).shape == (6, 1, 2_048)
    again = space.decode(mel)
    assert again.shape == (6, 2_048)
    apart = (space.encode(again) - mel).abs().mean()
    assert float(apart) < 0.5, "Griffin-Lim's sounds have about the same frames"


def test_discriminators_score_every_place():
    x = torch.randn(3, 1, 1_000)
    folded = PeriodDiscriminator(7, 2)(x)
    assert folded.maps[0].shape == (3, 2, 48, 7), "143 rows of 7, a stride of 3"
    assert ResolutionDiscriminator(256, 2)(x).scores.shape[0] == 3
    moved = x.clone()
    moved[:, :, 3::7] += 1
    network = PeriodDiscriminator(7, 2)
    changed = (network(x).maps[-1] != network(moved).maps[-1]).any(0).any(0).any(0)
    assert changed.tolist() == [column == 3 for column in range(7)], "columns do not mix"


def test_a_vocoder_is_trained_scored_and_used_at_the_command_line(cli: Cli, tmp_path: Path) -> None:
    small = ("--segment", "1024", "--width", "8", "--blocks", "1", "--discriminator-width", "1")
    done = cli(
        "train", "sound.vocos", *small, "--steps", "2", "--batch", "4", "--score-samples", "8", "--out", "run"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "report.html").exists()
    done = cli("score", "run", "--n", "6")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "run" / "scores.json").read_text())["scores"]
    assert {"multi-resolution STFT", "log-mel L1", "pitch error", "SI-SDR"} <= set(found)
    assert "inputs heard again" in str(found["log-mel L1"])
    clip = vowels(2, "example")[0]
    wavfile.write(tmp_path / "stereo.wav", 16_000, np.repeat(clip.T, 2, 0))
    done = cli("translate", "run", "stereo.wav", "--out", "made.wav")
    assert done.returncode == 0, done.stderr
    rate, made = wavfile.read(tmp_path / "made.wav")
    assert (rate, made.shape) == (RATE, (4_096, 2))
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "good.wav").write_bytes(wav(clip[0], RATE))
    (tmp_path / "some" / "bad.wav").write_bytes(b"nothing")
    (tmp_path / "some" / "none.wav").write_bytes(wav(np.zeros(0, np.float32), RATE))
    done = cli("translate", "run", "some", "--out", "all")
    assert done.returncode == 1
    assert "bad.wav" in done.stderr
    assert "none.wav: holds no samples" in done.stderr
    assert [path.name for path in (tmp_path / "all").iterdir()] == ["good.wav"]
    trained, out = load(tmp_path / "run"), tmp_path / "all.wav"
    way = trained.direction()
    for source, many, words in (
        ("some", 1, "folder"),
        ("nowhere.wav", 1, "no data"),
        ("stereo.wav", 2, "--n"),
    ):
        with pytest.raises((ValueError, FileNotFoundError), match=words):
            translate_any(way, tmp_path / source, out, n=many)
    with pytest.raises(ValueError, match="AtoB only"):
        trained.direction("BtoA")


def test_an_enhancement_is_scored_beside_subtraction_and_the_ideal_mask():
    samples = NoisySounds("vowels", length=2_048).open(batch=4)
    found = evaluator(samples, Request(n=12)).thorough(
        ArraySource(samples.require_condition().held_out.read(np.arange(12)))
    )
    scores = {each.scale.name: each for each in found.scores}
    ratio = scores["SI-SDR"]
    assert ratio.value.value == pytest.approx(ratio.baselines["inputs heard again"], abs=0.01)
    assert ratio.baselines["spectral subtraction"] > ratio.value.value
    assert ratio.baselines["ideal ratio mask"] > ratio.baselines["spectral subtraction"] + 3
    assert "ideal ratio mask" in ratio.bounds
