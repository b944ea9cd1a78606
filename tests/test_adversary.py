"""A discriminator in a loop that is not ours."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import environment
from torch import Tensor, nn

import ptarmigan
from ptarmigan.adversary import Adversary
from ptarmigan.adversary.weighting import Ramp
from ptarmigan.core.losses import hinge, relativistic
from ptarmigan.core.penalties import R1
from ptarmigan.nets.spectral import spectral_norm

SHAPE = (1, 16, 16)


class Autoencoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(256, 8), nn.Linear(8, 256)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.decoder(self.encoder(x.flatten(1)))).view_as(x)


def pictures(step: int, n: int = 8) -> Tensor:
    noise = torch.randn(n, *SHAPE, generator=torch.Generator().manual_seed(step))
    return torch.tanh(nn.functional.avg_pool2d(noise, 3, 1, 1) * 3)


def made(**options: Any) -> tuple[Autoencoder, torch.optim.Adam, Adversary]:
    torch.manual_seed(1)
    model = Autoencoder()
    options = dict(shape=SHAPE, width=4, ramp=0) | options
    return model, torch.optim.Adam(model.parameters(), 1e-3), Adversary(**options)


def loop(
    model: nn.Module, optimizer: torch.optim.Optimizer, adversary: Adversary, steps: range
) -> list[dict[str, float]]:
    log = []
    for step in steps:
        x = pictures(step)
        fake = model(x)
        other = (fake - x).abs().mean()
        loss = other + adversary.loss(fake, x, other=other)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        log.append(adversary.step(fake, x) | {"loss": loss.item()})
    return log


def weights(network: nn.Module) -> list[Tensor]:
    return [p.detach().clone() for p in network.parameters()]


def test_it_is_found_at_the_top() -> None:
    assert ptarmigan.Adversary is Adversary


def test_neither_side_moves_the_other() -> None:
    model, _, adversary = made()
    x = pictures(0)
    fake = model(x)
    adversary.loss(fake, x).backward()
    assert all(p.grad is None and p.requires_grad for p in adversary.discriminator.parameters())
    assert any(p.grad is not None and p.grad.norm() > 0 for p in model.parameters())
    before = [p.grad.clone() for p in model.parameters()]
    adversary.step(fake, x)
    assert all(torch.equal(a, p.grad) for a, p in zip(before, model.parameters(), strict=True))


def test_the_loss_is_the_weighted_loss_of_the_scores() -> None:
    _, _, adversary = made(weight=0.3)
    fake = pictures(1)
    expected = 0.3 * hinge.generator(adversary.discriminator(fake), None)
    torch.testing.assert_close(adversary.loss(fake), expected)


def test_a_step_is_a_step_of_adam_on_the_loss_and_the_penalty() -> None:
    _, _, adversary = made(penalties=(R1(2.0),), loss=relativistic)
    twin = copy.deepcopy(adversary.discriminator)
    real, fake = pictures(1).requires_grad_(), pictures(2)
    optimizer = torch.optim.Adam(twin.parameters(), 2e-4, (0.5, 0.9))
    scores = twin(real)
    (gradient,) = torch.autograd.grad(scores.flatten(1).mean(1).sum(), real, create_graph=True)
    loss = relativistic.discriminator(scores, twin(fake)) + gradient.flatten(1).square().sum(1).mean()
    loss.backward()
    optimizer.step()
    terms = adversary.step(fake, real)
    assert sum(terms.values()) == pytest.approx(loss.item(), rel=1e-5)
    for a, b in zip(adversary.discriminator.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


def test_the_ramp_rises_after_the_warmup() -> None:
    ramp = Ramp(2, 4)
    assert [ramp(i) for i in range(8)] == pytest.approx([0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1])
    assert Ramp(0, 0)(0) == 1


def test_it_learns_while_it_does_not_count() -> None:
    model, optimizer, adversary = made(warmup=3)
    before = weights(adversary.discriminator)
    assert float(adversary.loss(model(pictures(0)), pictures(0))) == 0
    loop(model, optimizer, adversary, range(3))
    assert not any(map(torch.equal, before, weights(adversary.discriminator)))
    assert adversary.loss(model(pictures(0)), pictures(0)).item() != 0


def test_gradients_at_the_layer_are_balanced() -> None:
    model, _, _ = made()
    network = nn.Sequential(nn.Flatten(), nn.Linear(256, 1))
    adversary = Adversary(network, ramp=0, weight=0.5, layer=model.decoder.weight)
    x = pictures(0)
    fake = model(x)
    other = (fake - x).abs().mean()
    loss = adversary.loss(fake, x, other=other)
    norms = [torch.autograd.grad(a, model.decoder.weight, retain_graph=True)[0].norm() for a in (loss, other)]
    assert float(norms[0] / norms[1]) == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("kind", ["patch", "multiscale"])
def test_feature_maps_are_matched(kind: Any) -> None:
    _, _, adversary = made(discriminator=kind, feature_matching=10.0, weight=1.0)
    x = pictures(0)
    plain = made(discriminator=kind, weight=1.0)[2].loss(x, x)
    torch.testing.assert_close(adversary.loss(x, x), plain)
    without = made(discriminator=kind, weight=1.0)[2].loss(pictures(1))
    assert float(adversary.loss(pictures(1), x) - without) > 1e-6


def test_waves_have_their_discriminators() -> None:
    adversary = Adversary("multiperiod", shape=(1, 512), width=1, ramp=0, feature_matching=2.0, penalties=())
    real, fake = torch.randn(2, 1, 512), torch.randn(2, 1, 512).requires_grad_()
    adversary.loss(fake, real).backward()
    assert fake.grad is not None
    assert 0 < fake.grad.norm() < float("inf")
    assert adversary.step(fake, real)["skipped"] == 0


def test_it_is_conditioned_on_pictures() -> None:
    adversary = Adversary("multiscale", shape=SHAPE, given=(2, 16, 16), width=4, ramp=0)
    one, other = (torch.randn(8, 2, 16, 16, generator=torch.Generator().manual_seed(i)) for i in (1, 2))
    assert adversary.step(pictures(0), pictures(1), one)["skipped"] == 0
    assert float(adversary.loss(pictures(0), given=one)) != float(adversary.loss(pictures(0), given=other))


def test_micro_batches_make_the_step_of_one_batch() -> None:
    whole, parts = (made(accumulate=n, penalties=(R1(1.0),))[2] for n in (1, 2))
    real, fake = pictures(1), pictures(2)
    whole.step(fake, real)
    assert parts.step(fake[:4], real[:4]) == {}
    assert parts.step(fake[4:], real[4:])["skipped"] == 0
    for a, b in zip(whole.discriminator.parameters(), parts.discriminator.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


def test_a_loop_that_saves_it_resumes_exactly(tmp_path: Path) -> None:
    model, optimizer, adversary = made(warmup=1, ramp=3, lazy=2)
    loop(model, optimizer, adversary, range(3))
    held = {"model": model, "optimizer": optimizer, "adversary": adversary}
    torch.save({name: one.state_dict() for name, one in held.items()}, tmp_path / "state.pt")
    rest = loop(model, optimizer, adversary, range(3, 6))
    again = dict(zip(held, made(warmup=1, ramp=3, lazy=2), strict=True))
    for name, state in torch.load(tmp_path / "state.pt", weights_only=True).items():
        again[name].load_state_dict(state)
    torch.manual_seed(77)
    assert loop(*again.values(), range(3, 6)) == rest
    assert all(map(torch.equal, weights(again["adversary"].discriminator), weights(adversary.discriminator)))


def test_the_random_state_of_the_loop_is_left_alone() -> None:
    model, optimizer, adversary = made()
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    loop(model, optimizer, adversary, range(2))
    assert torch.equal(torch.randn(3), expected)


def test_a_diagnosis_that_looks_changes_nothing() -> None:
    (a, b), losses = (made(), made()), []
    for model, optimizer, adversary in (a, b):
        log = loop(model, optimizer, adversary, range(2))
        if adversary is b[2]:
            adversary.diagnose(pictures(9))
        losses.append(log + loop(model, optimizer, adversary, range(2, 4)))
    assert losses[0] == losses[1]


def test_bf16_is_the_same_but_for_rounding() -> None:
    scores = []
    for enabled in (False, True):
        model, optimizer, adversary = made()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            scores.append(loop(model, optimizer, adversary, range(2))[-1])
    assert scores[0] != scores[1]
    assert scores[0] == pytest.approx(scores[1], rel=0.05, abs=0.02)


def test_states_change_once_a_step_of_its_own() -> None:
    torch.manual_seed(0)
    network = spectral_norm(nn.Sequential(nn.Flatten(), nn.Linear(256, 4), nn.LeakyReLU(), nn.Linear(4, 1)))
    adversary = Adversary(network, ramp=0, penalties=())
    buffers = [b.clone() for b in network.buffers()]
    adversary.loss(pictures(0)).sum()
    assert all(map(torch.equal, buffers, network.buffers()))
    adversary.step(pictures(0), pictures(1))
    assert not all(map(torch.equal, buffers, network.buffers()))


def test_a_step_that_is_not_finite_is_left_out() -> None:
    _, _, adversary = made()
    before = weights(adversary.discriminator)
    assert adversary.step(pictures(0) * float("nan"), pictures(1))["skipped"] == 1
    assert all(map(torch.equal, before, weights(adversary.discriminator)))


Faulty = Callable[[Adversary, Autoencoder, torch.optim.Optimizer], None]


def ruined(adversary: Adversary) -> None:
    """The other loss doubles once the adversary counts."""
    for step in range(400):
        fake, other = pictures(1).requires_grad_(), torch.tensor(1.0 if step < 150 else 2.0)
        adversary.loss(fake, pictures(2), other=other + 0 * fake.sum())
        adversary.step(fake, pictures(2))


def test_it_says_that_it_ruins_the_other_loss() -> None:
    adversary = Adversary(nn.Sequential(nn.Flatten(), nn.Linear(256, 1)), warmup=150, ramp=0, penalties=())
    ruined(adversary)
    found = [advice for advice in adversary.diagnose() if "ruins" in advice.finding.detail]
    assert len(found) == 1
    assert 140 <= found[0].finding.step <= 180
    assert "weight=" in str(found[0])


@pytest.mark.parametrize(("warmup", "sick"), [(0, True), (40, False)])
def test_it_says_that_it_counted_untrained(warmup: int, sick: bool) -> None:
    _, _, adversary = made(warmup=warmup, lr=1e-7)
    for step in range(81):
        adversary.loss(pictures(step + 1_000), pictures(step))
        adversary.step(pictures(step + 1_000), pictures(step))
    assert ["warmup=" in advice.helps for advice in adversary.diagnose()] == [True] * sick


def test_it_says_that_scores_explode_and_that_it_knows_its_samples() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 1))
    adversary = Adversary(network, ramp=0, penalties=(), lr=0.01, loss="wasserstein")
    real, fake = pictures(1), pictures(2)
    for _ in range(140):
        adversary.loss(fake, real)
        adversary.step(fake, real)
    faults = [advice.finding.fault.name for advice in adversary.diagnose(held_out=pictures(3))]
    assert faults == ["DIVERGENCE", "OVERFITTING"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Adversary("patches"), "'patch', 'multiscale', 'multiperiod'"),  # type: ignore[arg-type]
        (lambda: Adversary("patch"), r"pictures, \(channels, height, width\)"),
        (lambda: Adversary("multiperiod", shape=SHAPE), r"waves, \(1, length\)"),
        (lambda: made(loss="hinges"), "hinge, least_squares"),
        (lambda: made(weight=-1.0), "weight is at least 0"),
        (lambda: made(lazy=0), "lazy is at least 1"),
        (lambda: made(loss="relativistic")[2].loss(pictures(0)), r"adversary.loss\(fake, real\)"),
        (lambda: made(layer=nn.Parameter(torch.ones(1)))[2].loss(pictures(0)), "other=loss"),
        (lambda: made()[2].step(pictures(0), pictures(0, 4)), r"\(8, 1, 16, 16\) and \(4, 1, 16, 16\)"),
        (
            lambda: made(discriminator=nn.Conv2d(1, 1, 3), feature_matching=1.0)[2].loss(
                pictures(0), pictures(1)
            ),
            r"return \(scores, maps\)",
        ),
    ],
)
def test_what_cannot_be_is_said(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


RANKS = """
import sys, torch, torch.distributed as dist
sys.path.insert(0, {here!r})
from test_adversary import made, pictures
dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
torch.manual_seed(rank)
_, _, adversary = made(seed=3, loss="least_squares")
if rank:
    with torch.no_grad():
        for p in adversary.discriminator.parameters():
            p.add_(1)  # the first rank's weights are everybody's
for step in range(3):
    real, fake = pictures(step).chunk(size)[rank], pictures(100 + step).chunk(size)[rank]
    adversary.step(fake, real)
torch.save([p.detach() for p in adversary.discriminator.parameters()], {out!r} + f"/{{size}}-{{rank}}.pt")
dist.destroy_process_group()
"""


def test_two_ranks_make_the_steps_of_one(tmp_path: Path) -> None:
    script = tmp_path / "ranks.py"
    script.write_text(RANKS.format(here=str(Path(__file__).parent), out=str(tmp_path)))
    for size in (1, 2):
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={size}"]
        path = os.pathsep.join([environment()["PYTHONPATH"], str(Path(__file__).parent)])
        env = {**environment(), "PYTHONPATH": path}
        done = subprocess.run([*command, str(script)], env=env, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
    one, two, twin = (torch.load(tmp_path / f"{name}.pt") for name in ("1-0", "2-0", "2-1"))
    assert all(map(torch.equal, two, twin))
    for a, b in zip(one, two, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)
