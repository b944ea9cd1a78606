"""Networks of sound: phases, lengths, classes."""

from __future__ import annotations

import pytest
import torch

from ptarmigan.core import noise
from ptarmigan.modalities.sound.mel_space import MelSpace
from ptarmigan.nets.layers import fold
from ptarmigan.nets.waves import ScaleDiscriminator, strides
from ptarmigan.zoo.sound.hifigan import HiFiGANGenerator
from ptarmigan.zoo.sound.melgan import MelGANDiscriminator, MelGANGenerator
from ptarmigan.zoo.sound.phase_vocoder import PhaseVocoder
from ptarmigan.zoo.sound.vocos import VocosGenerator
from ptarmigan.zoo.sound.wavegan import WaveGANDiscriminator, WaveGANGenerator, lengths, shuffled


@pytest.mark.parametrize("length", [256, 1_000, 8_192, 16_384, 20_000])
def test_clips_of_any_length_are_generated_and_scored(length):
    generator, discriminator = WaveGANGenerator(4, length, 2, 3), WaveGANDiscriminator(length, 2, 3)
    noise.at(0, "test")
    x = generator(torch.randn(5, 4), torch.arange(5) % 3).detach()
    assert x.shape == (5, 1, length)
    assert float(x.abs().max()) <= 1
    assert discriminator(x, torch.arange(5) % 3).shape == (5,)


def test_strides_are_those_of_the_paper():
    assert lengths(16_384) == [16, 64, 256, 1_024, 4_096, 16_384]
    layers = [m for m in WaveGANGenerator(100, 16_384, 64).layers if isinstance(m, torch.nn.ConvTranspose1d)]
    assert [layer.in_channels for layer in layers] == [1_024, 512, 256, 128, 64]


def test_phases_are_shuffled_a_clip_at_a_time_and_reflected_at_the_edge():
    noise.at(0, "test")
    x = torch.arange(8.0).expand(400, 2, 8)
    found = {tuple(row[0].tolist()) for row in shuffled(x, 2)}
    assert found == {
        (2, 1, 0, 1, 2, 3, 4, 5),
        (1, 0, 1, 2, 3, 4, 5, 6),
        (0, 1, 2, 3, 4, 5, 6, 7),
        (1, 2, 3, 4, 5, 6, 7, 6),
        (2, 3, 4, 5, 6, 7, 6, 5),
    }


def test_a_shard_shuffles_as_the_whole_batch_does():
    x = torch.randn(8, 3, 20)
    noise.at(0, "test")
    whole = shuffled(x, 2)
    noise.at(0, "test", shard=1, shards=2)
    assert torch.equal(shuffled(x[4:], 2), whole[4:])


def test_strides_of_a_vocoder_are_the_published_ones_and_follow_the_hop():
    assert strides(256, 4) == [8, 8, 2, 2]
    assert strides(256, 3) == [8, 8, 4]
    assert strides(128, 3) == [8, 8, 2]
    assert strides(512, 4) == [8, 8, 4, 2]
    for hop, stages in ((100, 3), (4, 3), (1_024, 3)):
        with pytest.raises(ValueError, match="no product"):
            strides(hop, stages)


@pytest.mark.parametrize(("version", "millions"), [(1, 13.9), (3, 1.46)])
def test_generators_of_hifigan_are_as_large_as_published(version, millions):
    with torch.device("meta"):
        network = HiFiGANGenerator(
            MelSpace(22_050, 8_192, (), 1_024, 256, 80), {1: 512, 3: 256}[version], version
        )
    # weight norm's lengths and directions count what one weight is made of
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(millions, rel=0.02)


def test_a_vocoder_makes_a_hop_of_every_frame():
    space = MelSpace(8_000, 2_048, (), 512, 128, 40)
    for version in (1, 3):
        made = HiFiGANGenerator(space, 16, version)(torch.randn(2, 40, 5))
        assert made.shape == (2, 1, 640)
    assert ScaleDiscriminator(2, 1, spectral=False)(made).scores.shape[0] == 2


def test_the_generator_of_melgan_is_as_large_as_published():
    with torch.device("meta"):
        network = MelGANGenerator(MelSpace(22_050, 8_192, (), 1_024, 256, 80), 512)
        sizes = [
            layer.out_channels for layer in MelGANDiscriminator(0, 16).layers if hasattr(layer, "groups")
        ]
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(4.27, rel=0.01)
    assert sizes == [64, 256, 1_024, 1_024, 1_024]


def test_weights_are_folded_to_the_bit():
    space = MelSpace(8_000, 2_048, (), 512, 128, 40)
    network, mel = MelGANGenerator(space, 16).eval(), torch.randn(2, 40, 5)
    before = network(mel)
    fold(network)
    assert torch.equal(network(mel), before)
    assert not any("parametrizations" in name for name in network.state_dict())


def test_a_steady_vowel_keeps_its_phase_only_where_phases_are_summed():
    space = MelSpace(8_000, 8_192, (), 512, 128, 40)
    mel = torch.randn(1, 40, 1).expand(1, 40, 64)
    for kind, repeats in ((VocosGenerator, True), (PhaseVocoder, False)):
        torch.manual_seed(0)
        wave = kind(space, 16, 1)(mel)[0, 0, 2_048:6_144].detach()
        assert torch.allclose(wave[128:], wave[:-128], atol=1e-4) == repeats, kind
