"""TableGAN: rows as squares, the information loss, and the target that follows from the other columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from ptarmigan.core import noise
from ptarmigan.core.optim import adam
from ptarmigan.modalities.table.conditional import Target
from ptarmigan.modalities.table.source import Table
from ptarmigan.zoo.table.tablegan import (
    SquareDiscriminator,
    SquareGenerator,
    information,
    laid_out,
    recipe,
    small,
    square_of,
)

ROWS = pd.DataFrame(
    {
        "size": np.linspace(0, 1, 80) ** 2,
        "kind": ["a", "b"] * 40,
        "grade": np.repeat(["x", "y"], 40),
        "weight": np.random.default_rng(0).normal(size=80),
    }
)


def test_a_row_is_a_square_that_ends_in_zeros():
    rows = torch.arange(1.0, 71).repeat(3, 1)
    square = laid_out(rows)
    assert square.shape == (3, *square_of(70)) == (3, 1, 9, 9)
    assert torch.equal(square.flatten(1)[:, :70], rows)
    assert not square.flatten(1)[:, 70:].any()
    assert square_of(1) == square_of(64) == (1, 8, 8)


def test_rows_are_made_and_judged_at_their_own_width():
    noise.at(0)
    x = SquareGenerator(4, (-1, 0, 0, 0), 4)(torch.randn(5, 4))
    assert x.shape == (5, 4)
    torch.testing.assert_close(x[:, 1:].sum(1), torch.ones(5))
    judge = SquareDiscriminator(4, 4)
    assert judge(x).shape == (5,)
    torch.testing.assert_close(judge.image.head(judge.features(x)), judge(x))


def test_information_is_lost_beyond_what_is_allowed():
    here = torch.tensor([[0.0, 1.0], [2.0, 1.0]])
    there = here * 3 + torch.tensor([1.0, 4.0])
    # means (1, 1) and (4, 7); deviations (1, 0) and (3, 0)
    assert float(information(here, there, 0, 0)) == pytest.approx(45**0.5 + 2, abs=1e-3)
    assert float(information(here, there, 1, 0.5)) == pytest.approx(45**0.5 - 1 + 1.5, abs=1e-3)
    assert float(information(here, there, 9, 9)) == 0
    same = here.clone().requires_grad_()
    information(same, here, 0, 0).backward()
    assert torch.isfinite(same.grad).all()


def test_the_target_is_the_last_that_is_learnt_by_value_or_the_one_that_is_named():
    space = Table(ROWS).open(batch=8).space
    x = space.encode(Table(ROWS).open(batch=8).source.read(np.arange(80)))
    for name, column in (("", "grade"), ("kind", "kind")):
        target = Target.of(space, name)
        mine = x[:, target.begin : target.end]
        assert torch.equal(mine.argmax(1), torch.from_numpy(pd.factorize(ROWS[column])[0]))
        rest = target.remove(x)
        assert not rest[:, target.begin : target.end].any()
        assert rest.count_nonzero() == x.count_nonzero() - 80
        assert float(target.cross_entropy(20 * mine, x)) < 1e-6
        assert float(target.cross_entropy(0 * mine, x)) == pytest.approx(np.log(2))


@pytest.mark.parametrize("name", ["garde", "size"])
def test_a_target_that_cannot_be(name):
    with pytest.raises(
        ValueError, match=f"--target {name}: there is no such discrete column; perhaps .*grade"
    ):
        recipe(Table(ROWS), **small, target=name)


def test_without_such_a_column_there_is_no_classifier():
    run = recipe(Table(ROWS[["weight"]]), **small)
    assert run.game.classifier is None
    assert [turn.players for turn in run.game.turns()] == [("discriminator",), ("generator",)]
    assert run.optimizers.keys() == {"discriminator", "generator"}


def test_the_classifier_learns_and_the_generator_is_charged_for_what_does_not_follow():
    rows = ROWS.assign(grade=np.where(ROWS["kind"] == "a", "x", "y"))
    run = recipe(Table(rows), width=8, latent=4, batch=80)
    game, x = run.game, run.samples.load(0).x
    optimizer = adam(game.classifier, 1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        game.class_error(x).backward()
        optimizer.step()
    game.eval().requires_grad_(False)
    swapped = x.clone()
    begin, end = game.target.begin, game.target.end
    swapped[:, begin:end] = x[:, begin:end].flip(1)
    assert float(game.class_error(x)) < 0.1 < 1 < float(game.class_error(swapped))
