"""What options mean: every one of the zoo has a meaning, and a player is slowed by its own rate."""

from __future__ import annotations

from typing import Annotated

import pytest

from ptarmigan import zoo
from ptarmigan.contract import recipes as contract
from ptarmigan.doctor.remedies import SLOWER, rates, slower
from ptarmigan.doctor.treatment import setup
from ptarmigan.training.meaning import FIXED, OTHER, Kind, declared, meanings, rate_of
from ptarmigan.training.options import build, defaults

OTHERS = {
    "anomaly.anogan": {"search"},
    "anomaly.anogan_images": {"search"},
    "anomaly.fanogan": {"kappa"},
    "anomaly.fanogan_images": {"kappa"},
    "anomaly.ganomaly": {"again", "latents"},
    "anomaly.ganomaly_images": {"again", "latents"},
    "field.dgmr": {"past", "future", "members"},
    "field.downscale": {"factor", "members"},
    "image.bagan": {"first"},
    "image.began": {"gain"},
    "image.biggan": {"attention"},
    "image.dragan": {"reach"},
    "image.gman": {"discriminators", "sharpness"},
    "image.imle": {"pool", "epsilon"},
    "image.improved": {"feature_matching", "minibatch", "historical", "smoothing", "virtual"},
    "image.infogan": {"categories", "continuous"},
    "image.r1gan": {"gradient", "alike", "chain", "joint"},
    "image.r3gan": {"group_size", "narrow", "schedule"},
    "image.r3gan_64": {"group_size", "narrow", "schedule"},
    "image.r3gan_256": {"group_size", "narrow", "schedule"},
    "image.r3gan_cifar": {"group_size", "narrow", "schedule"},
    "image.sagan": {"attention"},
    "image.stylegan2": {"preset"},
    "image.text2image": {"encoder", "sentence", "augmentation"},
    "series.doppelganger": {"chunk", "beside"},
    "sound.hifigan": {"segment", "version", "features"},
    "sound.melgan": {"segment", "features"},
    "sound.phase_vocoder": {"segment", "share", "alone"},
    "sound.segan": {"network", "adversarial"},
    "sound.specgan": {"iterations"},
    "sound.vocos": {"segment", "share"},
    "sound.wavegan": {"shuffle"},
    "table.dpgan": {"limit"},
    "text.dialogue": {"pretraining"},
    "text.maligan": {"pretraining"},
    "text.relgan": {"pretraining", "begin", "end", "representations", "memory"},
    "text.scratchgan": {"l2", "discount"},
    "text.seqgan": {"pretraining", "reward", "rollouts", "group"},
    "toy.ganlab": {"regulariser", "optimizer", "rule", "dirac"},
    "toy.unrolled": {"unroll"},
    "translate.cyclegan": {"history"},
    "translate.munit": {"again", "style"},
    "translate.pix2pix": {"test_dropout"},
    "translate.srgan": {
        "growth",
        "features",
        "weights",
        "perceptual_weight",
        "adversarial",
        "pixels",
        "alone",
    },
    "translate.style": {"glimpses"},
    "video.mocogan": {"motion"},
    "video.next": {"given"},
    "video.vgan": {"sparsity"},
    "shower.relativistic": {"moments"},
}
"""Options that no treatment aims at, of recipes of which nobody has to say so."""


@pytest.mark.parametrize("name", zoo.names())
def test_every_option_of_the_zoo_has_a_meaning_or_is_known_to_have_none(name):
    found = declared(zoo.recipe(name))
    assert list(found) == list(defaults(zoo.recipe(name)))
    assert {option for option, meaning in found.items() if meaning is None} == OTHERS.get(name, set())


@pytest.mark.parametrize("name", zoo.names())
def test_slowing_the_discriminator_slows_its_optimizer(name):
    recipe = zoo.recipe(name)
    options = defaults(recipe) | contract.small(name) | {"steps": defaults(recipe)["steps"]}
    asked = setup(name, options, zoo.recipe)
    before = build(recipe, options).rates
    after = build(recipe, options | slower("discriminator")(asked)).rates
    slowed = {player for player in before if after[player] < before[player]}
    for player in slowed:
        assert before[player][0] / after[player][0] == pytest.approx(SLOWER, rel=0.06)
    own = any(asked.meanings[option].player for option in asked.of_kind(Kind.RATE))
    assert slowed == ({"discriminator"} if own else set(before))


def test_the_other_player_is_slowed_by_the_rate_that_is_left_to_it():
    for name, option in (("series.rcgan", "lr"), ("toy.unrolled", "lr"), ("image.sagan", "generator_lr")):
        assert rates(setup(name, defaults(zoo.recipe(name)), zoo.recipe), "generator") == [option]


def test_what_is_learnt_and_what_people_decide_is_never_changed():
    table = meanings(zoo.recipe("table.dpgan"))
    assert {table[name].kind for name in ("data", "categorical", "seed")} == {Kind.DATA}
    assert table["epsilon"] == FIXED, "a promise of privacy is no knob"


def test_what_a_recipe_says_of_its_options_counts():
    def recipe(lr_critic: Annotated[float, "shown", rate_of("critic")] = 0.1, lr: float = 0.1, odd: int = 3):
        """One's own."""

    assert meanings(recipe) == {"lr_critic": rate_of("critic"), "lr": rate_of(), "odd": OTHER}


def test_annotations_that_cannot_be_read_say_nothing():
    def recipe(lr: Unheard = 0.1, odd: int = 3):  # type: ignore[name-defined]
        """One's own."""

    assert meanings(recipe) == {"lr": rate_of(), "odd": OTHER}
