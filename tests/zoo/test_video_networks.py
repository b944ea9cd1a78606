"""Networks of videos: content that stays, motion that differs, singular values that are bounded."""

from __future__ import annotations

import pytest
import torch

from ptarmigan.core import noise
from ptarmigan.core.optim import rmsprop
from ptarmigan.modalities.video.nets import VideoDiscriminator
from ptarmigan.modalities.video.space import VideoSpace
from ptarmigan.training.options import build
from ptarmigan.zoo import recipe
from ptarmigan.zoo.video.mocogan import MoCoGANGenerator
from ptarmigan.zoo.video.next import ConvGRU, NextFrames
from ptarmigan.zoo.video.tgan import FAST, Temporal, TGANGenerator, clip_singular_values, clipped


def test_without_motion_a_clip_of_mocogan_stands_still_and_its_first_frames_do_not_know_what_comes():
    generator = MoCoGANGenerator((3, 6, 16, 16), 5, 4, 2, classes=3).eval()
    z, c = torch.randn(2, generator.latent), torch.tensor([0, 2])
    with torch.no_grad():
        clip = generator(z, c)
        later = z.clone()
        later[:, -4:] += 1  # the noise of the last frame
        assert torch.allclose(generator(later, c)[:, :, :-1], clip[:, :, :-1], atol=1e-6)
        assert not torch.allclose(generator(later, c)[:, :, -1], clip[:, :, -1])
        for p in generator.cell.parameters():
            p.zero_()
        state = generator.motions(torch.zeros(2, 4), torch.randn(2, 6, 4), torch.zeros(2, 3))
    assert torch.equal(state, torch.zeros_like(state))
    assert clip.shape == (2, 3, 6, 16, 16)


@pytest.mark.parametrize("frames", [2, 5, 16, 40])
def test_latents_of_frames_of_tgan_are_as_many_as_frames(frames):
    assert Temporal(7, frames, 2)(torch.randn(3, 7)).shape[1] == FAST
    generator = TGANGenerator(7, (1, frames, 8, 8), 2)
    assert generator(torch.randn(3, 7)).shape == (3, 1, frames, 8, 8)


def test_singular_values_are_clipped_after_every_fifth_step():
    weight = torch.randn(6, 2, 3)
    values = torch.linalg.svdvals(clipped(weight).flatten(1))
    assert torch.allclose(values, torch.linalg.svdvals(weight.flatten(1)).clamp(max=1), atol=1e-5)
    network = VideoDiscriminator((1, 4, 8, 8), 2)
    optimizer = clip_singular_values(rmsprop(network, 0.1), 5)
    largest = []
    for _ in range(5):
        network(torch.randn(2, 1, 4, 8, 8)).sum().backward()
        optimizer.step()
        weights = [p.detach().flatten(1) for p in network.parameters() if p.dim() > 1]
        largest.append(max(float(torch.linalg.svdvals(p)[0]) for p in weights))
    assert min(largest[:4]) > 1.01
    assert largest[4] < 1 + 1e-4


def test_next_frames_follow_from_those_given_and_from_noise():
    given, space = VideoSpace(3, 10, 14, 1, 12.0), VideoSpace(5, 10, 14, 1, 12.0)
    generator = NextFrames(given, space, 2, 4).eval()
    a, z = torch.randn(2, 1, 3, 10, 14), torch.randn(2, 4)
    with torch.no_grad():
        x = generator(a, z)
        assert x.shape == (2, 1, 5, 10, 14)
        assert not torch.allclose(x, generator(a, z + 1))
        assert not torch.allclose(x, generator(a + 1, z))
    cell, h = ConvGRU(1, 2), torch.randn(1, 2, 4, 4)
    torch.nn.init.zeros_(cell.gates.weight)
    torch.nn.init.constant_(cell.gates.bias, -100.0)  # updates nothing
    assert torch.allclose(cell(torch.randn(1, 1, 4, 4), h), h)


@pytest.mark.parametrize("name", ["video.vgan", "video.mocogan"])
def test_as_published_there_is_batch_norm_and_no_penalty(name):
    options = {"data": "shapes", "size": "16", "length": 4, "width": 2, "batch": 4, "steps": 4}
    run = build(recipe(name), {**options, "loss": "published"})
    assert any(isinstance(module, torch.nn.BatchNorm3d) for module in run.game.discriminator.modules())
    noise.at(0)
    terms = {term for turn in run.game.turns() for term in turn.loss(run.samples.load(0))}
    run.samples.close()
    assert not terms & {"r1", "r2", "penalty_clips", "penalty_pictures"}
