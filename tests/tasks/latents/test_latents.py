"""From z to w to samples: the mapping, truncation, mixing and interpolation of latents."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from latent_runs import of

from ptarmigan import load
from ptarmigan.core import noise
from ptarmigan.core.game import Tempered
from ptarmigan.tasks.latents import space as spaces


@of("styled", "classes", "plain", "conditional")
def test_samples_are_synthesised_from_the_mapped_latents(generator):
    w = generator.map(generator.latents(70, seed=3), seed=3)
    assert w.shape == (70, generator.space_of_w.styles, generator.space_of_w.size)
    made = generator.synthesise(w, seed=3)
    np.testing.assert_array_equal(made, generator.sample(70, seed=3))
    np.testing.assert_array_equal(made[:9], generator.synthesise(w[:9], seed=3))


@of("plain")
def test_where_there_is_no_w_it_is_z(generator):
    z = generator.latents(3)
    assert torch.equal(generator.map(z), z[:, None])
    with pytest.raises(ValueError, match="has no w: its z are interpolated along great circles"):
        generator.interpolate(2, along="w")
    with pytest.raises(ValueError, match="go into one layer, not at 1"):
        generator.mix(z[:, None], z[:, None], 1)


@of("classes")
def test_every_class_has_its_mean(generator):
    space = generator.space_of_w
    c = torch.tensor([3, 5, 3])
    means = space.means(c, 3)
    assert torch.equal(means[0], means[2])
    assert not torch.allclose(means[0], means[1])
    with noise.isolated():
        noise.at(1)
        w = space.map(noise.normal(4_000, 4), torch.full((4_000,), 5))
    torch.testing.assert_close(w[:, 0].mean(0), means[1, 0], atol=0.1, rtol=0.1)
    spread = float((w[:, 0] - means[1, 0]).square().sum(1).mean().sqrt())
    assert space.deviation(torch.tensor(5)) == pytest.approx(spread, rel=0.05)


@of("classes")
def test_truncation_goes_towards_the_mean_of_the_class_up_to_the_cutoff(generator):
    w = generator.map(generator.latents(4), given="5")
    mean = generator.space_of_w.means(torch.full((4,), 5), 4)
    torch.testing.assert_close(generator.truncate(w, 0.0, given="5"), mean.expand_as(w))
    assert torch.equal(generator.truncate(w, 1.0, given="5"), w)
    cut = generator.truncate(w, 0.5, cutoff=1, given="5")
    torch.testing.assert_close(cut[:, :1], (w[:, :1] + mean) / 2)
    assert torch.equal(cut[:, 1:], w[:, 1:])


@of("classes")
def test_sampling_truncates_w(generator):
    w = generator.truncate(generator.map(generator.latents(5), given="2"), 0.7, given="2")
    np.testing.assert_array_equal(
        generator.sample(5, given="2", truncation=0.7), generator.synthesise(w, given="2")
    )


@of("plain")
def test_sampling_truncates_z_where_there_is_no_w(generator):
    z = generator.latents(300)
    kept = spaces.truncate_normal(z, 1.4)
    assert float(kept.abs().max()) <= 1.4
    assert torch.equal(kept.argsort(0), z.argsort(0))
    np.testing.assert_array_equal(
        generator.sample(300, truncation=0.7), generator.synthesise(generator.map(kept))
    )


@of("styled")
def test_styles_are_mixed_layer_by_layer(generator):
    a, b = (generator.map(generator.latents(2, seed=seed)) for seed in (0, 1))
    mixed = generator.mix(a, b, 2)
    assert torch.equal(mixed[:, :2], a[:, :2])
    assert torch.equal(mixed[:, 2:], b[:, 2:])
    assert not np.array_equal(generator.synthesise(mixed), generator.synthesise(a))
    with pytest.raises(ValueError, match="from 1 to 2, not at 3"):
        generator.mix(a, b, 3)


@of("classes")
def test_lines_in_w_end_where_circles_in_z_do(generator):
    line, circle = (generator.interpolate(4, stops=3, given=1, along=along) for along in ("w", "z"))
    np.testing.assert_array_equal(line[::4], circle[::4])
    assert not np.array_equal(line[1], circle[1])
    ends = generator.map(generator.latents(2), given=1)
    middle = generator.synthesise(ends.mean(0, keepdim=True), given=1)
    np.testing.assert_allclose(line[2].astype(int), middle[0].astype(int), atol=1)


@of("plain")
def test_w_of_another_shape_is_refused(generator):
    with pytest.raises(ValueError, match=r"has the shape \(n, 1, 6\), not \(2, 6\)"):
        generator.synthesise(torch.zeros(2, 6))


@of("conditional")
def test_the_first_linear_map_is_that_of_z_alone(generator):
    (weight,) = generator.space_of_w.weights(torch.tensor([0, 1]))
    first = next(m for m in generator.game.generator.modules() if isinstance(m, torch.nn.Linear))
    assert torch.equal(weight, first.weight[:, :5])


def test_a_transposed_convolution_of_z_is_a_linear_map(latent_runs):
    game = load(latent_runs["plain"], device="cpu").game

    class Original(torch.nn.Module):
        latent = 6

        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.ConvTranspose2d(6, 3, 4)

        def forward(self, z, c=None):
            return self.first(z[:, :, None, None])

    game.generator = Original()
    z = torch.randn(5, 6)
    made = game.sample(z).flatten(1) - game.sample(torch.zeros(1, 6)).flatten(1)
    torch.testing.assert_close(z @ spaces.first_linear(game).T, made)


def test_what_does_not_see_z_itself_has_no_first_map(latent_runs):
    game = load(latent_runs["plain"], device="cpu").game
    inside = game.generator.input
    inside.register_forward_hook(lambda module, given, out: out.square())
    with pytest.raises(ValueError, match="find directions by features"):
        spaces.first_linear(game)


def test_what_has_no_latents_says_so(latent_runs):
    game = load(latent_runs["plain"], device="cpu").game
    spaces.check_editable(game, "mine")
    game.latent = 0
    with pytest.raises(ValueError, match="this run of mine has no latents: there is nothing to edit"):
        spaces.check_editable(game, "mine")
    game.latent, game.tokens = 6, Tempered()
    with pytest.raises(ValueError, match="draws its samples token by token"):
        spaces.check_editable(game, "mine")
