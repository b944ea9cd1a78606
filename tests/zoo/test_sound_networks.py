"""Networks of sound: phases, lengths, classes."""

from __future__ import annotations

import pytest
import torch

from ptarmigan.core import noise
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
