"""Translation without pairs: its networks, what it remembers, and its losses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ptarmigan import zoo
from ptarmigan.contract import recipes as contract
from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Game, Terms, Turn
from ptarmigan.core.history import History
from ptarmigan.data.blank import Blank
from ptarmigan.data.space import Space
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.nets.translator import InputAdapter, Translator
from ptarmigan.training.options import build
from ptarmigan.zoo.translate.cut import PatchHeads, at, patch_nce, somewhere
from ptarmigan.zoo.translate.style import details

RECIPES = ["translate.cyclegan", "translate.cut", "translate.fastcut", "translate.style"]
PHOTO = ImageSpace(17, 23, 3)


@pytest.mark.parametrize("inputs", [(3, 17, 23), (1, 17, 23), (5, 8, 8), (3, 34, 46)])
def test_a_translator_takes_pictures_of_any_sides(inputs):
    shape = inputs if inputs[1] == 8 else (3, 17, 23)
    net = Translator(inputs, shape, 4)
    made = net(torch.randn(2, *inputs))
    assert made.shape == (2, *shape)
    assert made.abs().max() <= 1
    part = inputs[1] // shape[1]
    for sides in [(3, 3), (9, 31), (24, 20)]:
        other = net(torch.randn(1, inputs[0], part * sides[0], part * sides[1]))
        assert other.shape == (1, shape[0], *sides)


def test_a_translator_enlarges_where_outputs_are_larger():
    net = Translator((3, 8, 9), (3, 32, 36), 4)
    assert net(torch.randn(1, 3, 5, 7)).shape == (1, 3, 20, 28)


def test_sides_that_are_no_whole_multiples_are_refused():
    with pytest.raises(ValueError, match="whole multiples"):
        Translator((3, 17, 23), (3, 32, 32), 4)


def test_large_pictures_have_nine_blocks():
    assert len(Translator((3, 255, 300), (3, 255, 300), 2).blocks) == 6
    assert len(Translator((3, 256, 300), (3, 256, 300), 2).blocks) == 9


def test_what_a_picture_becomes_does_not_depend_on_its_neighbours():
    net, a = Translator((1, 17, 23), (3, 17, 23), 4).double(), torch.randn(3, 1, 17, 23).double()
    assert torch.allclose(net(a)[:1], net(a[:1]), atol=1e-12)


def test_a_translation_is_finished_from_its_features():
    net, a = Translator((3, 17, 23), (3, 17, 23), 4), torch.randn(1, 3, 17, 23)
    features = net.features(a)
    assert tuple(x.shape[1] for x in features) == net.channels
    assert torch.equal(net.finish(features), net(a))


@pytest.mark.parametrize("inputs", [(5, 16, 24), (3, 4, 6), (1, 32, 48)])
def test_a_made_picture_is_read_as_an_input(inputs):
    assert InputAdapter((3, 16, 24), inputs)(torch.randn(2, 3, 16, 24)).shape == (2, *inputs)


def test_patches_are_vectors_of_length_one_at_their_places():
    features = [torch.randn(2, 3, 4, 5), torch.randn(2, 6, 2, 2)]
    places = [somewhere(x, 7) for x in features]
    assert [p.shape for p in places] == [(2, 7), (2, 4)]
    assert all(len(set(row.tolist())) == len(row) for p in places for row in p)
    seen = at(features[0], places[0])
    assert torch.equal(seen[1, 3], features[0][1].flatten(1)[:, places[0][1, 3]])
    vectors = PatchHeads((3, 6), 8)(features, places)
    assert [v.shape for v in vectors] == [(2, 7, 8), (2, 4, 8)]
    assert torch.allclose(vectors[0].norm(dim=2), torch.ones(2, 7))


def test_patch_nce_is_chance_where_all_are_alike_and_nothing_where_each_is_its_own():
    alike, own = torch.ones(2, 6, 1), torch.eye(6).expand(2, -1, -1)
    assert float(patch_nce(alike, alike, 0.07)) == pytest.approx(math.log(6))
    assert float(patch_nce(own, own, 0.07)) < 1e-4
    assert float(patch_nce(own, own.roll(1, 1), 0.07)) > 10


def remember(history: History, value: float, shard: int = 0, shards: int = 1) -> None:
    """Note one shard's samples: ``value`` plus their places in the batch."""
    n = history.batch // shards
    noise.at(0, "note", shard=shard, shards=shards)
    history.note((value + noise.places(n)).float()[:, None])


def settle(history: History) -> None:
    history.samples.settle()
    history.filled.settle()


def test_a_history_of_a_batch_gives_what_was_made_of_each_sample():
    history = History(4, (1,))
    remember(history, 10)
    settle(history)
    noise.at(0, "read", shard=1, shards=2)
    assert history(2).flatten().tolist() == [12, 13]


def test_shards_remember_what_the_undivided_batch_does():
    whole, parts = History(4, (1,), 6), History(4, (1,), 6)
    remember(whole, 10)
    remember(parts, 10, 0, 2)
    remember(parts, 10, 1, 2)
    settle(whole)
    settle(parts)
    assert torch.equal(whole.samples.value, parts.samples.value)
    assert float(parts.filled.value) == 4


def test_a_history_reads_the_new_and_the_kept_but_nothing_that_never_was():
    history = History(1, (1,), 3)
    seen = []
    for turn in range(1, 200):
        remember(history, turn)
        settle(history)
        noise.at(1, turn)
        seen.append(turn - int(history(1)))
    assert set(seen) == {0, 1, 2}  # never older than three, and never an empty slot
    assert seen[0] == 0
    assert seen[1] < 2
    assert 0.55 < np.mean(np.array(seen) == 0) < 0.78  # a half, and a third of the other half


def test_a_turn_that_goes_bad_is_not_remembered():
    history = History(1, (1,), 3)
    remember(history, 7)
    for state in (history.samples, history.filled):
        state.settle(torch.ones(()))
    assert not history.samples.value.any()
    assert float(history.filled.value) == 0


def test_details_are_parts_of_their_picture():
    rows = torch.arange(17.0)[:, None] + torch.zeros(17, 23)
    columns = torch.arange(23.0) + torch.zeros(17, 23)
    x = torch.stack([rows, columns]).expand(2, -1, -1, -1) + 100 * torch.arange(2.0)[:, None, None, None]
    noise.at(0, "details")
    seen = details(x, 1.0, 3)
    assert seen.shape == (6, 2, 8, 11)
    for i, part in enumerate(seen):
        down, across = part[0, :, 0], part[1, 0]
        assert torch.equal(down.diff(), torch.ones(7))
        assert torch.equal(across.diff(), torch.ones(10))
        assert 100 * (i // 3) <= down[0] < 100 * (i // 3) + 10
    assert len({float(part[1, 0, 0]) for part in seen}) > 2


def game_between(name: str, inputs: Space, space: Space, **options: Any) -> Game:
    """A recipe's small game, of the given spaces."""
    given = contract.small(name) | options | {"data": Blank(space, inputs), "batch": 2}
    return build(zoo.recipe(name), given).game


def terms_of(game: Game, a: torch.Tensor, b: torch.Tensor) -> list[Terms]:
    """The terms of every turn, each of which goes backward."""
    found = []
    for turn in game.turns():
        noise.at(0, len(found))
        found.append(played(turn, Batch(b, a)))
        for module in game.modules():
            if isinstance(module, History):
                settle(module)
    return found


def played(turn: Turn, batch: Batch) -> Terms:
    terms = turn.loss(batch)
    torch.stack(list(terms.values())).sum().backward()
    return {name: term.detach() for name, term in terms.items()}


@pytest.mark.parametrize(
    "inputs", [PHOTO, ImageSpace(17, 23, 1), LabelSpace(17, 23, 5)], ids=["photo", "gray", "labels"]
)
@pytest.mark.parametrize("name", RECIPES)
def test_recipes_play_between_all_kinds_of_pictures(name, inputs):
    game = game_between(name, inputs, PHOTO)
    a, b = torch.randn(2, *inputs.shape), torch.randn(2, *PHOTO.shape)
    terms = terms_of(game, a, b)
    assert all(torch.isfinite(term) for turn in terms for term in turn.values())
    assert ("identity" in terms[0]) == (inputs is PHOTO and name != "translate.fastcut")
    assert all(p.grad is not None for p in game.parameters())
    assert game.sample(torch.empty(2, 0), a).shape == b.shape
    assert game.discriminate(b).shape == (2,)


@pytest.mark.parametrize("name", ["translate.cyclegan", "translate.cut"])
def test_recipes_play_where_outputs_are_larger(name):
    game = game_between(name, ImageSpace(8, 8, 3), ImageSpace(32, 32, 3))
    a, b = torch.randn(2, 3, 8, 8), torch.randn(2, 3, 32, 32)
    assert all(torch.isfinite(term) for turn in terms_of(game, a, b) for term in turn.values())


def test_a_cycle_that_leads_back_costs_nothing():
    game = game_between("translate.cyclegan", PHOTO, PHOTO)
    game.generator, game.inverse = nn.Identity(), nn.Identity()
    a, b = torch.randn(2, 3, 17, 23, requires_grad=True), torch.randn(2, 3, 17, 23)
    terms = terms_of(game, a, b)[0]
    assert float(terms["cycle"]) == 0
    assert float(terms["identity"]) == 0
    game.inverse = nn.Tanh()
    assert float(terms_of(game, a, b)[0]["cycle"]) > 0


def test_a_cycle_goes_back():
    game = game_between("translate.cyclegan", ImageSpace(17, 23, 1), PHOTO)
    assert game.back(torch.randn(1, 3, 9, 31), torch.empty(1, 0)).shape == (1, 1, 9, 31)
    assert (
        game_between("translate.cut", PHOTO, PHOTO).back(torch.randn(1, 3, 17, 23), torch.empty(1, 0)) is None
    )


def test_content_goes_with_the_patches():
    """What is made just as the input is has its content; what is made of another picture has none of it."""
    game = game_between("translate.cut", PHOTO, PHOTO)
    a = torch.randn(2, 3, 17, 23)
    features, others = game.generator.features(a), game.generator.features(a.flip(0))
    noise.at(0)
    assert game.contrast(features, features) < game.contrast(others, features)


def test_pairs_are_drawn_apart():
    run = build(zoo.recipe("translate.cyclegan"), contract.small("translate.cyclegan"))
    assert not run.samples.require_condition().paired
