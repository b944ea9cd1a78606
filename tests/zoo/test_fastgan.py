"""FastGAN: its excitation, its patches, its decoders, and its margins."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from ptarmigan.core import noise
from ptarmigan.nets.pooling import Pool
from ptarmigan.zoo.image.fastgan import (
    Excitation,
    FastGANDiscriminator,
    FastGANGenerator,
    apart,
    quarter,
    short,
)


@pytest.mark.parametrize("shape", [(1, 8, 8), (4, 48, 64), (2, 33, 20), (3, 9, 17), (3, 160, 130)], ids=str)
def test_any_size_and_one_to_four_channels(shape):
    noise.at(0, "test")
    generator, discriminator = FastGANGenerator(6, shape, 4), FastGANDiscriminator(shape, 4)
    x = generator(torch.randn(3, 6))
    assert x.shape == (3, *shape)
    maps = discriminator.maps(x)
    (discriminator.scores(maps).sum() + discriminator.restoration(maps, x)).backward()
    for network in (generator, discriminator):
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize(("side", "excited"), [(64, [(0, 4)]), (128, [(0, 4), (1, 5)]), (16, [(0, 2)])])
def test_maps_are_excited_by_those_of_a_sixteenth(side, excited):
    generator = FastGANGenerator(6, (3, side, side), 1)
    assert [(i, i + generator.reach) for i in range(len(generator.excitations))] == excited


def test_at_the_published_size_are_the_published_layers():
    """At 256 pixels: five halvings to maps of 8×8, 5×5 patches twice, and pictures of 128×128 decoded."""
    discriminator = FastGANDiscriminator((3, 256, 256), 2)
    last_but_one, last, small = discriminator.maps(torch.zeros(2, 3, 256, 256))
    assert (last_but_one.shape, last.shape, small.shape) == ((2, 16, 16, 16), (2, 32, 8, 8), (2, 8, 8, 8))
    assert discriminator.scores((last_but_one, last, small)).shape == (2, 50)
    assert discriminator.whole(last).shape == discriminator.part(last_but_one[..., :8, :8]).shape
    assert discriminator.whole(last).shape == (2, 3, 128, 128)


@pytest.mark.parametrize(("side", "words"), [(7, "at least 8 pixels"), (1024, "less than 1,024 pixels")])
def test_other_sizes_are_refused_in_a_line(side, words):
    with pytest.raises(ValueError, match=words) as caught:
        FastGANGenerator(6, (3, side, side), 1)
    assert "\n" not in str(caught.value)


def test_an_excitation_is_one_factor_for_every_channel_between_0_and_1():
    excite, small = Excitation(3, (8, 8), 5), torch.randn(2, 3, 8, 8)
    factors = excite(small, torch.ones(2, 5, 4, 6))
    assert torch.equal(factors, factors[..., :1, :1].expand_as(factors))
    first, last = excite.layers[1].weight, excite.layers[3].weight
    hidden = F.silu(torch.einsum("bchw,ochw->bo", F.avg_pool2d(small, 2), first))
    torch.testing.assert_close(factors[..., 0, 0], (hidden @ last[..., 0, 0].T).sigmoid())


def test_cells_of_a_pool_are_means_also_where_they_share_pixels():
    x = torch.randn(2, 3, 12, 8)
    torch.testing.assert_close(Pool((12, 8), (4, 2))(x), F.adaptive_avg_pool2d(x, (4, 2)))
    row = torch.arange(1.0, 6.0).view(1, 1, 1, 5)
    torch.testing.assert_close(Pool((1, 5), (1, 2))(row).flatten(), torch.tensor([1.8, 4.2]))


def test_a_quarter_is_any_of_the_corners():
    x = torch.arange(4.0).view(1, 1, 2, 2)
    places = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]]).bool()
    corners = [quarter(x, (1, 1), lower, right).item() for lower, right in places]
    assert corners == [0, 1, 2, 3]


def test_what_is_restored_is_compared_by_pixels_and_their_differences():
    x = torch.randn(2, 3, 4, 5)
    assert apart(x, x) == 0
    assert apart(x + 1, x).item() == pytest.approx(1.0)
    step = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(1, 1, 2, 4)
    assert apart(step, torch.zeros_like(step)).item() == pytest.approx(1 / 2 + 1 / 3)


def test_margins_are_between_08_and_1():
    noise.at(0, "test")
    assert short(torch.ones(50, 50)) == 0
    assert short(torch.zeros(50, 50)).item() == pytest.approx(0.9, abs=0.01)
    noise.at(0, "test")
    first = short(torch.zeros(4, 5))
    assert not torch.equal(first, short(torch.zeros(4, 5)))


def test_noise_is_new_in_training_and_fixed_in_evaluation():
    generator, z = FastGANGenerator(6, (1, 8, 8), 4), torch.randn(2, 6)
    for name, parameter in generator.named_parameters():
        if name.endswith("gain"):
            torch.nn.init.ones_(parameter)
    assert not torch.equal(generator(z), generator(z))
    generator.eval()
    assert torch.equal(generator(z), generator(z))
