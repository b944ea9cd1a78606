"""Private training: clipped gradients, their noise, draws by chance, and the ε that follows."""

from __future__ import annotations

import sys

import dp_accounting
import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import binom, chisquare

from ptarmigan import TableGAN
from ptarmigan.contract import recipes as contract
from ptarmigan.core import noise
from ptarmigan.data.poisson import Poisson, places
from ptarmigan.doctor.hooks import train_with_diagnosis as train_run
from ptarmigan.modalities.table.source import Table
from ptarmigan.nets.mlp import MLPDiscriminator
from ptarmigan.training.checkpoint import read
from ptarmigan.training.draw import Draw
from ptarmigan.training.rules import descend
from ptarmigan.training.settings import Settings
from ptarmigan.zoo.table.dpgan import Privacy, epsilon_of, gap, noise_for, recipe, small

DELTA = 1e-5


@pytest.fixture
def critic():
    noise.at(0, "weights")
    return MLPDiscriminator((3,), (5, 4), dropout=0.0)


def given(n):
    x = torch.randn(n, 3, generator=torch.Generator().manual_seed(1))
    return 3 * x, x.flip(0)


def slope(critic, term):
    return torch.autograd.grad(term, list(critic.parameters()))


def test_every_sample_is_clipped_as_a_loop_would_clip_it(critic):
    real, made = given(8)
    drawn = torch.tensor([1.0, 1, 0, 1, 1, 0, 1, 1])
    privacy = Privacy(0.0, 0.7, rate=0.1, size=4.0, places=8, delta=DELTA)
    expected = [torch.zeros_like(p) for p in critic.parameters()]
    lengths, losses = [], []
    for x, y, counts in zip(real, made, drawn, strict=True):
        loss = critic(y[None])[0] - critic(x[None])[0]
        own = slope(critic, loss)
        length = float(torch.cat([g.flatten() for g in own]).norm())
        lengths.append(length)
        losses += [loss.detach()] * int(counts)
        for total, g in zip(expected, own, strict=True):
            total += counts * g * min(1, 0.7 / length) / 4
    assert min(lengths) < 0.7 < max(lengths)  # else nothing is seen
    noise.at(0)
    term = privacy.term(critic, gap, drawn, real, made)
    torch.testing.assert_close(term.detach(), torch.stack(losses).mean())
    for found, wanted in zip(slope(critic, term), expected, strict=True):
        torch.testing.assert_close(found, wanted)


def test_nothing_of_a_sample_is_longer_than_the_limit_however_far_it_is(critic):
    real, made = given(8)
    privacy = Privacy(0.0, 0.5, rate=0.1, size=4.0, places=8, delta=DELTA)

    def whole(real):
        return torch.cat([g.flatten() for g in slope(critic, privacy.term(critic, gap, drawn, real, made))])

    drawn = torch.ones(8)
    far = real.clone()
    far[3] *= 1e6
    without = torch.ones(8)
    without[3] = 0
    with_it, drawn = whole(far), without
    assert float((with_it - whole(far)).norm()) == pytest.approx(0.5 / 4, rel=1e-4)


def test_the_noise_is_of_the_limit_and_new_at_every_move(critic):
    real, made = given(8)
    privacy = Privacy(3.0, 0.5, rate=0.1, size=4.0, places=8, delta=DELTA)
    found = []
    for move in range(100):
        noise.at(0, move)
        found.append(
            torch.cat(
                [g.flatten() for g in slope(critic, privacy.term(critic, gap, torch.zeros(8), real, made))]
            )
        )
    seen = torch.stack(found)
    assert float(seen.std()) == pytest.approx(3.0 * 0.5 / 4, rel=0.03)
    assert abs(float(torch.corrcoef(seen[:2])[0, 1])) < 0.5
    assert not torch.equal(seen[0], seen[1])


def test_parts_of_a_batch_add_up_to_it_with_one_noise():
    with contract.float64():
        slopes = []
        for parts in (1, 4):
            run = contract.small_run("table.dpgan")
            descend(run.game, run.optimizers, run.game.turns()[0], Draw(run.samples, accumulate=parts))
            run.samples.close()
            slopes.append(torch.cat([p.grad.flatten() for p in run.game.discriminator.parameters()]))
            assert float(run.game.privacy.times.value) == 1
        whole, parted = slopes
        # made rows differ, by the generator's batch norm; the noise, which is most of it, does not
        assert float((whole - parted).norm()) < 0.1 * float(whole.norm())


def test_every_sample_is_drawn_by_itself_with_the_same_chance():
    deal, rng = Poisson(40, 0.2), np.random.default_rng(0)
    room, batches = places(40, 0.2), []
    for _ in range(4_000):
        rows, drawn = deal(rng.random((room, 2)))
        mine = rows[drawn[:, 0] == 1]
        assert len(set(mine)) == len(mine)
        batches.append(np.isin(np.arange(40), mine))
    seen = np.array(batches)
    assert chisquare(seen.sum(0)).pvalue > 1e-3
    assert seen.mean() == pytest.approx(0.2, abs=0.005)
    counts = np.bincount(seen.sum(1), minlength=41)
    assert np.abs(counts / len(seen) - binom.pmf(np.arange(41), 40, 0.2)).max() < 0.02
    assert abs(np.corrcoef(seen[:, 0], seen[:, 1])[0, 1]) < 0.05  # neighbours too


def test_places_are_always_enough():
    for size, rate in ((150, 0.1), (23_000, 0.02), (10**6, 1e-5)):
        assert binom.sf(places(size, rate), size, rate) <= 1e-18
    assert places(23_000, 0.02) < 700  # of 460 on average
    assert places(5, 1.0) == 8
    rows, drawn = Poisson(5, 1.0)(np.random.default_rng(0).random((8, 2)))
    assert rows[:5].tolist() == [0, 1, 2, 3, 4]
    assert drawn[:, 0].tolist() == [1] * 5 + [0] * 3


def test_epsilon_is_the_librarys():
    account = dp_accounting.pld.PLDAccountant()
    once = dp_accounting.PoissonSampledDpEvent(0.02, dp_accounting.GaussianDpEvent(1.1))
    exact = account.compose(dp_accounting.SelfComposedDpEvent(once, 1_000)).get_epsilon(DELTA)
    assert exact < epsilon_of(1.1, 0.02, 1_000, DELTA) < 1.2 * exact


def test_epsilon_grows_with_moves_and_falls_with_noise():
    by_moves = [epsilon_of(1.1, 0.02, times, DELTA) for times in (0, 10, 100, 1_000)]
    assert by_moves == sorted(by_moves)
    assert by_moves[0] == 0
    by_noise = [epsilon_of(noise, 0.02, 100, DELTA) for noise in (0.7, 1, 2, 8)]
    assert by_noise == sorted(by_noise, reverse=True)
    found = noise_for(2.0, 0.02, 100, DELTA)
    assert 1.99 < epsilon_of(found, 0.02, 100, DELTA) <= 2.0


def test_a_run_keeps_its_noise_and_a_longer_one_costs_more(tmp_path):
    settings = Settings(device="cpu", score_every=0, sample_every=0, vitals=False)
    described = {"recipe": "table.dpgan", "options": {"steps": 4}, "settings": {}}
    first = recipe(Table(), **small)
    done = train_run(first, tmp_path / "run", settings, description=described, quiet=True)
    assert done.reason == "all 4 steps are done; ε is 3 at δ 1e-05"
    longer = recipe(Table(), **{**small, "steps": 12})
    assert float(longer.game.privacy.noise.value) > float(first.game.privacy.noise.value)
    described["options"] = {"steps": 12}
    train_run(longer, tmp_path / "run", settings, description=described, force=True, quiet=True)
    assert torch.equal(longer.game.privacy.noise.value, first.game.privacy.noise.value)
    assert longer.game.privacy.epsilon == epsilon_of(
        float(first.game.privacy.noise.value), 16 / 150, 24, DELTA
    )
    assert longer.game.privacy.epsilon > 3
    assert float(read(max((tmp_path / "run").glob("state-*.pt")))["game"]["privacy.times.value"]) == 24


def test_a_secret_names_the_draws_and_the_noise(tmp_path):
    (tmp_path / "a").write_bytes(bytes(range(32)))
    (tmp_path / "b").write_bytes(bytes(range(1, 33)))
    (tmp_path / "short").write_bytes(b"12345")
    known = [
        recipe(Table(), **small, secret=secret)
        for secret in ("", *map(str, (tmp_path / "a", tmp_path / "b")))
    ]
    assert len({run.seed for run in known}) == len({run.samples.seed for run in known}) == 3
    assert recipe(Table(), **small, secret=str(tmp_path / "a")).seed == known[1].seed
    for wrong in ("short", "nowhere"):
        with pytest.raises(ValueError, match=f"--secret .*{wrong}: no file of 16 bytes"):
            recipe(Table(), **small, secret=str(tmp_path / wrong))


def test_what_cannot_be_private(monkeypatch):
    with pytest.raises(ValueError, match=r"of 150 rows, choose one between 0 and 0\.007"):
        recipe(Table(), **small, delta=0.01)
    with pytest.raises(ValueError, match="--delta 0:"):
        recipe(Table(), **small, delta=0.0)
    with pytest.raises(ValueError, match="--epsilon 0"):
        recipe(Table(), **small, epsilon=0.0)
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    with pytest.raises(ValueError, match=r"pip install 'ptarmigan\[private\]'"):
        recipe(Table(), **small, epsilon=2.5)


def test_a_table(tmp_path):
    rows = pd.DataFrame({"kind": ["a", "b", "b"] * 50, "size": np.linspace(0, 1, 150)})
    table = TableGAN("dpgan", steps=3, options={"width": 8, "latent": 4, "batch": 20}).fit(rows)
    assert 2.99 < table.epsilon_ <= 3
    table.save(tmp_path / "t.safetensors")
    loaded = TableGAN.load(tmp_path / "t.safetensors")
    assert loaded.epsilon_ == table.epsilon_
    pd.testing.assert_frame_equal(loaded.sample(9), table.sample(9))
    with pytest.raises(ValueError, match="cannot be asked"):
        table.sample(3, where={"kind": "a"})
