"""BigGAN: what its classes and latents reach, and how its weights are regularised."""

from __future__ import annotations

import pytest
import torch

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.zoo import recipe
from ptarmigan.zoo.image.biggan import BigGANGenerator, correlation


def test_z_is_split_into_a_part_for_every_block():
    generator = BigGANGenerator(11, (3, 32, 32), 8, 5)
    assert generator.parts == [3, 3, 3, 2]
    sizes = [norm.gain.in_features for block in generator.blocks for norm in block.norms]
    assert sizes == [3 + 128, 3 + 128, 3 + 128, 3 + 128, 2 + 128, 2 + 128]


def test_a_class_has_one_embedding_for_all_blocks():
    generator = BigGANGenerator(8, (1, 16, 16), 8, 3).eval()
    z = torch.randn(2, 8)
    before = generator(z, torch.tensor([0, 1]))
    with torch.no_grad():
        generator.embedding[1] += 1
    after = generator(z, torch.tensor([0, 1]))
    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1])


def test_rows_that_are_orthogonal_cost_nothing():
    weight = torch.tensor([[3.0, 0.0], [0.0, 2.0]])
    assert correlation(weight) == 0
    assert correlation(torch.tensor([[1.0, 2.0], [3.0, 4.0]])) == 2 * 11**2


def test_the_generator_is_regularised_by_all_weights_but_the_embedding():
    noise.at(0, "test")
    run = recipe("image.biggan")(width=8, latent=8, batch=8, weight=0.5)
    (batch,) = [Batch(torch.empty(8, 1, 8, 8, device="meta"), torch.arange(8))]
    found = run.game.generator_loss(batch)["orthogonality"]
    matrices = list(run.game.generator.matrices())
    torch.testing.assert_close(found, 0.5 * sum(correlation(each) for each in matrices))
    assert sum(matrix.numel() for matrix in matrices) == sum(
        p.numel() for name, p in run.game.generator.named_parameters() if p.ndim > 1 and name != "embedding"
    )


@pytest.mark.parametrize(
    ("latent", "side", "attention", "words"),
    [(1, 8, 32, "split into 2 parts"), (8, 7, 32, "8 pixels"), (8, 64, 2, "as small as attention=2")],
)
def test_what_does_not_fit_is_refused_in_a_line(latent, side, attention, words):
    with pytest.raises(ValueError, match=words) as caught:
        BigGANGenerator(latent, (3, side, side), 8, 2, attention=attention)
    assert "\n" not in str(caught.value)
