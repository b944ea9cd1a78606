"""Every recipe keeps the contract, and its losses are what they were."""

from __future__ import annotations

from pathlib import Path

import golden
import numpy as np
import pytest

from ptarmigan import zoo
from ptarmigan.contract import recipes as contract
from ptarmigan.contract.recipes import CLAUSES, Broken
from ptarmigan.training.options import build

NAMES = zoo.names()
ALONE = [clause for clause in CLAUSES if clause is not contract.two_ranks_are_two_shards]

BATCH_NORM = "its batch norm sees one shard at a time"
NOT_UNDIVIDED = {
    "anomaly.alad_images": BATCH_NORM,
    "anomaly.anogan_images": BATCH_NORM,
    "anomaly.bigan_images": BATCH_NORM,
    "anomaly.fanogan_images": BATCH_NORM,
    "anomaly.ganomaly_images": BATCH_NORM,
    "field.gan": "what differs within a batch, and its batch norm, are of one shard at a time",
    "image.acgan": BATCH_NORM,
    "image.bagan": BATCH_NORM,
    "image.biggan": BATCH_NORM,
    "image.cgan": BATCH_NORM,
    "image.dcgan": BATCH_NORM,
    "image.dragan": BATCH_NORM,
    "image.drifting": "samples drift by the others of their shard",
    "image.fastgan": BATCH_NORM,
    "image.gman": BATCH_NORM,
    "image.imle": "the nearest sample is sought in the pool of one shard",
    "image.improved": "minibatch discrimination, and its batch norm, see one shard at a time",
    "image.infogan": BATCH_NORM,
    "image.lsgan": BATCH_NORM,
    "image.r1gan": "what differs within a batch, and its batch norm, are of one shard at a time",
    "image.sagan": BATCH_NORM,
    "image.sngan": BATCH_NORM,
    "image.stylegan2": "what differs within a batch is of one shard at a time",
    "image.text2image": "the sentences of others are those of one shard at a time",
    "image.wgan": BATCH_NORM,
    "image.wgan_gp": BATCH_NORM,
    "series.timegan": "its losses take the roots of means, and the moments of a batch",
    "shower.calogan": "minibatch discrimination, and its batch norm, see one shard at a time",
    "shower.relativistic": "moments of features are of one shard at a time",
    "sound.specgan": "what differs within a batch, and its batch norm, are of one shard at a time",
    "table.ctgan": BATCH_NORM,
    "table.dpgan": BATCH_NORM,
    "table.tablegan": "its batch norm, and the moments of its features, are of one shard at a time",
    "table.wgan_gp": BATCH_NORM,
    "text.maligan": "its weights are normalised over one shard at a time",
    "toy.drifting": "samples drift by the others of their shard",
    "toy.pacgan": BATCH_NORM,
    "toy.unrolled": "each shard looks ahead down the discriminator's loss on its own samples",
    "translate.pix2pix": BATCH_NORM,
    "translate.srgan": "its batch norm, and the mean that its loss measures against, see one shard at a time",
    "video.mocogan": "what differs within a batch, and its batch norm, are of one shard at a time",
    "video.tgan": BATCH_NORM,
    "video.vgan": "what differs within a batch, and its batch norm, are of one shard at a time",
}
"""Recipes that two shards of a batch move otherwise than the undivided batch, and why."""


@pytest.mark.parametrize("clause", ALONE, ids=lambda clause: clause.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_the_contract(name, clause):
    with contract.float64():
        clause(name)


def test_two_ranks_are_two_shards():
    with contract.float64():
        assert contract.failures_on_two_ranks(NAMES) == {}


@pytest.mark.parametrize("name", NAMES)
def test_accumulating_equals_the_undivided_batch(name):
    with contract.float64():
        whole, parts = contract.small_run(name), contract.small_run(name)
        contract.train_steps(whole)
        contract.train_steps(parts, accumulate=2)
        expected, found = dict(whole.game.named_parameters()), dict(parts.game.named_parameters())
        if name in NOT_UNDIVIDED:
            with pytest.raises(Broken):  # else it has no place in the list
                contract.compare(expected, found, "in two parts")
        else:
            contract.compare(expected, found, "in two parts")


def test_the_exempt_are_in_the_zoo():
    assert NOT_UNDIVIDED.keys() <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_losses_are_what_they_were(name):
    written = golden.read()
    assert name in written, f"write them: python tests/golden.py {name}"
    # Bit by bit they are compared by ``python tests/golden.py --check``, on the machine that wrote them.
    assert golden.changed(golden.losses(name), written[name]) == {}


def test_golden_losses_are_of_recipes_that_exist():
    assert golden.read().keys() <= set(NAMES)


@pytest.mark.parametrize(("side", "share"), [(8, 1.0), (32, 1.0), (48, 0.5), (64, 0.5), (128, 0.25)])
def test_the_default_learns_large_images_at_a_lower_rate(side: int, share: float, tmp_path: Path) -> None:
    np.save(tmp_path / "black.npy", np.zeros((8, side, side, 3), np.uint8))
    run = build(zoo.recipe("image.r1gan"), {"data": str(tmp_path / "black.npy"), "width": 4, "lr": 0.01})
    rates = {group["lr"] for optimizer in run.optimizers.values() for group in optimizer.param_groups}
    assert rates == {0.01 * share}
