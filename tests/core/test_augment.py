"""Augmentation: what it changes, how often, that it can be differentiated, and that shards do not matter."""

import math

import pytest
import torch
from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.augment import Ada, Augment
from ptarmigan.core.penalties import R1, PenaltyInputs
from ptarmigan.core.schedule import linear
from ptarmigan.core.transforms import BGC, blit, color, cutout, tint, translation, warp

TRANSFORMS = [color, translation, cutout, blit, warp, tint]
SHAPES = [(4, 1, 8, 8), (4, 2, 8, 8), (4, 3, 9, 9), (4, 4, 8, 8), (4, 3, 12, 7), (4, 1, 5, 16)]


def images(*shape, seed=0, dtype=torch.float32):
    """Smooth images, so that resampling loses little."""
    coarse = torch.rand(shape[0], shape[1], 4, 4, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    return nn.functional.interpolate(2 * coarse - 1, shape[2:], mode="bicubic", align_corners=False)


def sorted_pixels(x):
    return x.flatten(2).sort(2).values


def by_name(transform):
    return transform.__name__


@pytest.mark.parametrize("transform", TRANSFORMS, ids=by_name)
class TestTransforms:
    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    def test_shapes_stay_and_images_change(self, transform, shape):
        noise.at(0)
        x = images(*shape)
        y = transform(x, 1.0)
        assert y.shape == x.shape
        assert y.dtype == x.dtype
        assert y.isfinite().all()
        assert not torch.equal(y, x)

    @pytest.mark.parametrize("shape", SHAPES, ids=str)
    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
    def test_probability_0_is_the_identity_bit_for_bit(self, transform, shape, dtype):
        noise.at(0)
        x = images(*shape, dtype=dtype)
        assert torch.equal(transform(x, 0.0), x)
        assert torch.equal(transform(x, torch.tensor(0.0)), x)

    def test_some_images_are_left_as_they_were(self, transform):
        noise.at(0)
        x = images(400, 3, 8, 8)
        touched = (transform(x, 0.1) != x).flatten(1).any(1).float().mean().item()
        assert 0.02 < touched < 0.5
        noise.at(0)
        assert (transform(x, 0.5) != x).flatten(1).any(1).float().mean().item() > touched

    def test_two_shards_are_one_batch(self, transform):
        x = images(8, 3, 8, 8)
        noise.at(3, "augment")
        whole = transform(x, 0.5)
        parts = []
        for shard in (0, 1):
            noise.at(3, "augment", shard=shard, shards=2)
            parts.append(transform(x[4 * shard : 4 * shard + 4], 0.5))
        torch.testing.assert_close(torch.cat(parts), whole, rtol=0, atol=1e-6)

    def test_a_function_of_the_noise_stream(self, transform):
        x = images(8, 3, 8, 8)
        seen = []
        for seed in (1, 1, 2):
            noise.at(seed)
            seen.append(transform(x, 0.7))
        assert torch.equal(seen[0], seen[1])
        assert not torch.equal(seen[0], seen[2])

    @pytest.mark.parametrize("channels", [3, 4])
    def test_gradients_once_and_twice(self, transform, channels):
        x = images(2, channels, 5, 5, dtype=torch.float64).requires_grad_()

        def play(x):
            noise.at(4)
            return transform(x, 0.8).square()

        assert torch.autograd.gradcheck(play, (x,), fast_mode=True)
        assert torch.autograd.gradgradcheck(play, (x,), fast_mode=True)

    def test_gradients_reach_every_image(self, transform):
        noise.at(0)
        x = images(8, 3, 8, 8).requires_grad_()
        transform(x, 1.0).square().sum().backward()
        assert (x.grad.flatten(1).abs().sum(1) > 0).all()


@pytest.mark.parametrize("transform", [color, tint], ids=by_name)
class TestColours:
    @pytest.mark.parametrize("channels", [2, 4])
    def test_alpha_is_left(self, transform, channels):
        noise.at(0)
        x = images(8, channels, 6, 6)
        y = transform(x, 1.0)
        assert torch.equal(y[:, -1], x[:, -1])
        assert not torch.equal(y[:, :-1], x[:, :-1])

    def test_greys_stay_grey(self, transform):
        """Hue and saturation cannot be seen in them."""
        noise.at(0)
        y = transform(images(8, 1, 6, 6).expand(8, 3, 6, 6), 1.0)
        torch.testing.assert_close(y, y[:, :1].expand_as(y))

    def test_every_pixel_of_an_image_meets_the_same(self, transform):
        """Where two pixels were equal they still are: colours change, places do not."""
        noise.at(0)
        x = images(8, 3, 6, 6)
        x[:, :, 5] = x[:, :, 0]
        y = transform(x, 1.0)
        torch.testing.assert_close(y[:, :, 5], y[:, :, 0])

    def test_other_than_1_to_4_channels_are_refused(self, transform):
        with pytest.raises(ValueError, match="1 to 4 channels"):
            transform(torch.zeros(2, 5, 4, 4), 1.0)


class TestDiffAugment:
    def test_color_in_one_channel_is_brightness_and_contrast(self):
        """y - mean(y) = contrast · (x - mean(x)), mean(y) = mean(x) + brightness, both in range."""
        noise.at(0)
        x = images(2000, 1, 4, 4)
        y = color(x)
        brightness = (y.mean((1, 2, 3)) - x.mean((1, 2, 3))).abs()
        assert 0.49 < brightness.max() <= 0.5 + 1e-5
        contrast = y.std((1, 2, 3)) / x.std((1, 2, 3))
        assert 0.5 - 1e-4 < contrast.min() < 0.51
        assert 1.49 < contrast.max() < 1.5 + 1e-4

    def test_saturation_moves_between_grey_and_twice_the_colour(self):
        noise.at(0)
        x = images(2000, 3, 4, 4)
        y = color(x)
        chroma = [(v - v.mean(1, keepdim=True)).std((1, 2, 3)) for v in (x, y)]
        scale = chroma[1] / chroma[0]  # saturation × contrast, [0, 2] × [0.5, 1.5]
        assert scale.min() < 0.02
        assert 2.5 < scale.max() < 3 + 1e-4

    @pytest.mark.parametrize(("height", "width", "rows", "columns"), [(16, 8, 2, 1), (12, 20, 2, 3)])
    def test_translation_moves_by_up_to_an_eighth(self, height, width, rows, columns):
        noise.at(0)
        x = torch.zeros(500, 1, height, width)
        x[:, :, height // 2, width // 2] = 1
        spots = translation(x)[:, 0].nonzero()
        assert len(spots) == 500
        moves = spots[:, 1:] - torch.tensor([height // 2, width // 2])
        assert moves[:, 0].unique().tolist() == list(range(-rows, rows + 1))
        assert moves[:, 1].unique().tolist() == list(range(-columns, columns + 1))

    def test_translation_fills_with_zeros(self):
        noise.at(0)
        y = translation(torch.ones(500, 1, 8, 8))
        ones = y.flatten(1).sum(1)
        assert ones.unique().tolist() == [49, 56, 64]
        assert set(y.unique().tolist()) == {0, 1}

    def test_cutout_cuts_a_rectangle_of_half_the_size(self):
        noise.at(0)
        holes = 1 - cutout(torch.ones(500, 2, 8, 12))
        assert torch.equal(holes[:, 0], holes[:, 1])
        rows, columns = holes[:, 0].amax(2).sum(1), holes[:, 0].amax(1).sum(1)
        assert torch.equal(rows * columns, holes[:, 0].flatten(1).sum(1)), "a hole is a rectangle"
        assert (rows.max(), columns.max()) == (4, 6)
        assert holes.mean((0, 1)).min() > 0, "and may be anywhere"


class TestAdaTransforms:
    @pytest.mark.parametrize("shape", [(64, 3, 8, 8), (64, 3, 6, 10)], ids=str)
    def test_blit_makes_up_no_pixel(self, shape):
        noise.at(0)
        x = torch.rand(shape, generator=torch.Generator().manual_seed(0))
        y = blit(x, 1.0)
        for before, after in zip(x, y, strict=True):
            assert torch.isin(after, before).all()

    def test_blit_meets_all_eight_symmetries_of_a_square_and_two_of_a_rectangle(self):
        x = torch.zeros(4000, 1, 4, 4)  # so small that nothing shifts
        x[:, :, 0, 1] = 1
        noise.at(0)
        y = blit(x[:, :, :3, :3], 1.0)
        assert len(y.flatten(1).unique(dim=0)) == 4, "an edge's middle can be at four places"
        x[:, :, 0, 0] = 2
        noise.at(0)
        seen, counts = blit(x[:, :, :3, :3], 1.0).flatten(1).unique(dim=0, return_counts=True)
        assert len(seen) == 8
        assert counts.min() > 400, "each about as often"
        wide = x[:, :, :2, :3]
        noise.at(0)
        assert len(blit(wide, 1.0).flatten(1).unique(dim=0)) == 2

    def test_warp_keeps_constant_images(self):
        noise.at(0)
        x = torch.full((16, 2, 9, 12), 0.3)
        torch.testing.assert_close(warp(x, 1.0), x)

    def test_warp_is_drawn_as_published(self):
        """An image of coordinates shows where its middle came from, and by which matrix, in pixels."""
        matrix, centre = self.affine(1.0)
        angle = torch.atan2(matrix[:, 1, 0] - matrix[:, 0, 1], matrix[:, 0, 0] + matrix[:, 1, 1])
        shares = torch.histc(angle, 8, -math.pi, math.pi) / len(angle)
        assert (shares - 1 / 8).abs().max() < 0.04
        scales = torch.linalg.svdvals(matrix).log2()
        assert scales.mean(1).std().item() == pytest.approx(0.2, rel=0.1)
        stretch = (scales[:, 0] - scales[:, 1]) / 2
        assert stretch.square().mean().sqrt().item() == pytest.approx(0.2, rel=0.1)
        moves = torch.linalg.solve(matrix, centre) / torch.tensor([48, 64])
        assert moves.std(0).tolist() == pytest.approx([0.125, 0.125], rel=0.1)
        assert moves.mean(0).abs().max() < 0.02

    def test_warp_makes_each_change_with_the_probability(self):
        matrix, centre = self.affine(0.3)
        turned = (matrix[:, 1, 0] - matrix[:, 0, 1]).abs() > 1e-6
        scales = torch.linalg.svdvals(matrix).log2()
        scaled, stretched = scales.mean(1).abs() > 1e-6, (scales[:, 0] - scales[:, 1]) > 1e-6
        moved = centre.abs().amax(1) > 1e-6
        for happened in (turned, scaled, stretched, moved):
            assert happened.double().mean().item() == pytest.approx(0.3, abs=0.05)

    @staticmethod
    def affine(p):
        """Matrices, in pixels and x before y, and sources of the middle, of 1,000 warps of 64 × 48 pixels."""
        rows = torch.arange(64, dtype=torch.float64)[:, None] - 31.5
        columns = torch.arange(48, dtype=torch.float64) - 23.5
        x = torch.stack(torch.broadcast_tensors(columns, rows)).expand(1000, 2, 64, 48)
        noise.at(0)
        middle = warp(x, p)[:, :, 31:33, 23:25]
        centre = middle.mean((2, 3))
        inside = (centre.abs() < torch.tensor([22, 30])).all(1)  # beyond the border coordinates are reflected
        assert inside.double().mean() > 0.95
        across, down = middle.diff(dim=3).mean((2, 3)), middle.diff(dim=2).mean((2, 3))
        return torch.stack([across, down], 2)[inside], centre[inside]

    def test_tint_in_one_channel_is_affine(self):
        """Brightness, contrast and inversion: y = a·x + b, with a < 0 in half of them."""
        noise.at(0)
        x = images(1000, 1, 4, 4)
        y = tint(x, 1.0)
        centred = [v - v.mean((1, 2, 3), keepdim=True) for v in (x, y)]
        a = (centred[0] * centred[1]).sum((1, 2, 3)) / centred[0].square().sum((1, 2, 3))
        torch.testing.assert_close(centred[1], a.view(-1, 1, 1, 1) * centred[0])
        assert (a < 0).float().mean().item() == pytest.approx(0.5, abs=0.05)
        assert a.abs().log2().std().item() == pytest.approx(0.5, rel=0.1)
        b = y.mean((1, 2, 3)) / a - x.mean((1, 2, 3))
        assert b.std().item() == pytest.approx(0.2, rel=0.1)

    def test_tint_turns_hues_about_grey(self):
        """Luma and chroma are scaled each on its own: the hue's angle is uniform."""
        noise.at(0)
        x = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1).expand(4000, 3, 1, 1)
        y = tint(x, 1.0)[:, :, 0, 0]
        chroma = y - y.mean(1, keepdim=True)
        first = torch.tensor([2.0, -1.0, -1.0]) / 6**0.5
        second = torch.tensor([0.0, 1.0, -1.0]) / 2**0.5
        angle = torch.atan2(chroma @ second, chroma @ first)
        shares = torch.histc(angle, 8, -math.pi, math.pi) / 4000
        assert (shares - 1 / 8).abs().max() < 0.025


class TestAugment:
    def test_diffaugment_changes_everything_by_default(self):
        noise.at(0)
        x = images(16, 3, 8, 8)
        augment = Augment(color, translation, cutout)
        assert (augment(x, 0.3) != x).flatten(1).any(1).all()

    def test_transforms_are_played_in_turn(self):
        x = images(4, 3, 8, 8)
        noise.at(1)
        expected = cutout(translation(x, 0.5), 0.5)
        noise.at(1)
        assert torch.equal(Augment(translation, cutout, probability=0.5)(x, 0.0), expected)

    def test_probability_follows_progress(self):
        noise.at(0)
        x = images(300, 3, 8, 8)
        augment = Augment(cutout, probability=linear(0.0, 0.8))
        assert augment(x, 0.0) is x
        for progress in (0.5, 1.0):
            share = (augment(x, progress) != x).flatten(1).any(1).float().mean().item()
            assert share == pytest.approx(0.8 * progress, abs=0.1)

    @pytest.mark.parametrize(
        "augment", [Augment(*BGC), Augment(color, translation, cutout)], ids=["bgc", "diff"]
    )
    def test_autocast_changes_nothing(self, augment):
        x = images(4, 3, 16, 16)
        noise.at(0)
        expected = augment(x, 0.0)
        noise.at(0)
        with torch.autocast("cpu", torch.bfloat16):
            y = augment(x, 0.0)
            assert augment(x.bfloat16(), 0.0).dtype == torch.float32
        assert torch.equal(y, expected)

    def test_r1_goes_through_it(self):
        """Torch itself cannot differentiate its resampling twice."""
        net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 8), nn.Tanh(), nn.Linear(8, 1))
        augment, real = Augment(*BGC), images(4, 3, 8, 8)
        noise.at(0)
        term = R1(1.0)(PenaltyInputs(lambda x: net(augment(x, 0.0)), real, real, net(real), net(real), 0.0))
        term.backward()
        assert net[1].weight.grad.abs().sum() > 0


class TestAda:
    def test_starts_as_the_identity(self):
        noise.at(0)
        x = images(8, 3, 8, 8)
        assert torch.equal(Ada(batch=8)(x, 0.0), x)

    @pytest.mark.parametrize(
        ("sure", "start", "moves"), [(0.9, 0.5, 1), (0.3, 0.5, -1), (0.3, 0.0, 0), (0.9, 1.0, 0)]
    )
    def test_p_follows_the_sign_of_real_scores(self, sure, start, moves):
        ada = Ada(batch=1000, target=0.6, kimg=500)
        ada.p.value.fill_(start)
        positive = round(500 * (1 + sure))
        ada.observe(torch.cat([torch.full((positive,), 7.0), torch.full((1000 - positive,), -0.1)]))
        assert ada.p.value.item() == start, "not before the turn ends"
        ada.p.settle()
        assert ada.p.value.item() == pytest.approx(start + moves * 1000 / 500_000)

    def test_p_goes_from_0_to_1_in_500_thousand_images(self):
        ada = Ada(batch=5000)
        for _ in range(99):
            ada.observe(torch.ones(5, 1, 2, 2))
            ada.p.settle()
        assert ada.p.value.item() == pytest.approx(0.99)

    def test_shards_and_micro_batches_count_as_one(self):
        """Neither half alone is above the target as the whole is."""
        ada = Ada(batch=1000)
        ada.observe(torch.tensor([1.0, 1.0, 1.0, 1.0]))
        ada.observe(torch.tensor([1.0, 1.0, 1.0, -1.0]))
        ada.p.settle()
        assert ada.p.value.item() == pytest.approx(1000 / 500_000)

    def test_p_is_the_probability(self):
        ada = Ada(batch=8, transforms=(cutout,))
        ada.p.value.fill_(0.3)
        noise.at(0)
        x = images(500, 3, 8, 8)
        assert (ada(x, 0.0) != x).flatten(1).any(1).float().mean().item() == pytest.approx(0.3, abs=0.07)

    def test_p_survives(self):
        ada, other = Ada(batch=1000), Ada(batch=1000)
        ada.observe(torch.ones(4))
        ada.p.settle()
        other.load_state_dict(ada.state_dict())
        assert other.p.value == ada.p.value > 0
