"""Penalties: against closed forms and finite differences, in full precision, the same whole and in shards."""

import math

import pytest
import torch
from torch import nn

from ptarmigan.core import noise
from ptarmigan.core.penalties import (
    R1,
    R2,
    ApproximateR1,
    ApproximateR2,
    GradientPenalty,
    PenaltyInputs,
)
from ptarmigan.core.schedule import linear
from ptarmigan.zoo.image.dragan import Dragan

DOUBLE = torch.float64


def scored(discriminator, real, fake, progress=0.0):
    return PenaltyInputs(discriminator, real, fake, discriminator(real), discriminator(fake), progress)


def points(seed, *shape, dtype=DOUBLE):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def smooth(inputs=5, outputs=1, seed=0, dtype=DOUBLE):
    """A small smooth discriminator with slopes of about 1."""
    net = nn.Sequential(nn.Linear(inputs, 16), nn.Tanh(), nn.Linear(16, outputs)).to(dtype)
    for i, p in enumerate(net.parameters()):
        p.data = points(seed + i, *p.shape, dtype=dtype) * 0.7
    return net


def line(weights):
    """D(x) = w · x."""
    return lambda x: x.flatten(1) @ weights


def bowl(weights):
    """D(x) = Σ w x² / 2, whose slope is w x."""
    return lambda x: (x.square() / 2) @ weights


def every_penalty():
    return [
        R1(0.5),
        R2(0.5),
        ApproximateR1(0.5, 0.05),
        ApproximateR2(0.5, 0.05),
        GradientPenalty(10.0),
        Dragan(10.0, 0.5),
    ]


def ids(penalty):
    return penalty.name


class TestClosedForms:
    def test_zero_centred_on_a_line_is_its_squared_slope(self):
        w = torch.tensor([3.0, 4.0], dtype=DOUBLE)
        inputs = scored(line(w), points(0, 6, 2), points(1, 6, 2))
        assert R1(2.0)(inputs).item() == pytest.approx(25)
        assert R2(0.5)(inputs).item() == pytest.approx(25 / 4)

    def test_each_looks_at_its_own_samples(self):
        w = torch.tensor([1.0, 2.0], dtype=DOUBLE)
        real, fake = points(0, 6, 2), points(1, 6, 2)
        inputs = scored(bowl(w), real, fake)
        torch.testing.assert_close(R1(2.0)(inputs), (w * real).square().sum(1).mean())
        torch.testing.assert_close(R2(2.0)(inputs), (w * fake).square().sum(1).mean())

    @pytest.mark.parametrize(("length", "expected"), [(3.0, 4.0), (0.5, 0.25)])
    def test_one_centred_on_a_line(self, length, expected):
        inputs = scored(
            line(torch.tensor([0.6, 0.8], dtype=DOUBLE) * length), points(0, 6, 2), points(1, 6, 2)
        )
        noise.at(0)
        assert GradientPenalty(10.0)(inputs).item() == pytest.approx(10 * expected)
        assert Dragan(10.0)(inputs).item() == pytest.approx(10 * expected)

    def test_gradient_penalty_looks_between_real_and_fake(self):
        seen = []
        real, fake = points(0, 512, 3), points(1, 512, 3) + 5
        noise.at(3)

        def discriminator(x):
            seen.append(x.detach())
            return x.sum(1)

        GradientPenalty()(PenaltyInputs(discriminator, real, fake, real[:, 0], fake[:, 0], 0.0))
        share = (seen[0] - fake) / (real - fake)
        torch.testing.assert_close(share, share[:, :1].expand_as(share))
        assert share.min() >= 0
        assert share.max() < 1
        assert share.mean().item() == pytest.approx(0.5, abs=0.05)

    def test_dragan_looks_around_real(self):
        seen = []
        real = points(0, 4096, 3)
        noise.at(3)

        def discriminator(x):
            seen.append(x.detach())
            return x.sum(1)

        Dragan(c=0.5)(PenaltyInputs(discriminator, real, real, real[:, 0], real[:, 0], 0.0))
        off = seen[0] - real
        assert off.mean().abs() < 0.01
        assert off.std().item() == pytest.approx(0.5 / math.sqrt(3), rel=0.05)

    def test_a_flat_discriminator_has_finite_gradients(self):
        """The norm has a kink at 0, where weights that start at zero put it."""
        net = nn.Linear(3, 1)
        nn.init.zeros_(net.weight)
        for penalty in (GradientPenalty(10.0), Dragan(10.0)):
            net.zero_grad()
            term = penalty(
                scored(net, points(0, 4, 3, dtype=torch.float32), points(1, 4, 3, dtype=torch.float32))
            )
            term.backward()
            assert term.item() == pytest.approx(10)
            assert net.weight.grad.isfinite().all()

    def test_patches_are_summed(self):
        w = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=DOUBLE)
        inputs = scored(lambda x: (x @ w)[:, :, None, None], points(0, 6, 2), points(1, 6, 2))
        assert R1(2.0)(inputs).item() == pytest.approx(1 + 4)
        noise.at(0)
        approximate = ApproximateR1(2.0, 1.0)(inputs)
        noise.at(0)
        summed = scored(lambda x: (x @ w).sum(1), inputs.real, inputs.fake)
        torch.testing.assert_close(approximate, ApproximateR1(2.0, 1.0)(summed))

    def test_schedules_are_read(self):
        w = torch.tensor([1.0, 0.0], dtype=DOUBLE)
        real, fake = points(0, 6, 2), points(1, 6, 2)
        term = R1(linear(4.0, 0.0))(scored(line(w), real, fake, progress=0.75))
        assert term.item() == pytest.approx(0.5)


class TestFiniteDifferences:
    @pytest.mark.parametrize("outputs", [1, 3])
    def test_r1_is_the_slope(self, outputs):
        net, real = smooth(outputs=outputs), points(7, 4, 5)
        step, slopes = 1e-5, torch.zeros(4, 5, dtype=DOUBLE)
        with torch.no_grad():
            for i in range(5):
                aside = torch.zeros(5, dtype=DOUBLE)
                aside[i] = step
                slopes[:, i] = (net(real + aside) - net(real - aside)).sum(1) / (2 * step)
        term = R1(2.0)(scored(net, real, real))
        torch.testing.assert_close(term, slopes.square().sum(1).mean(), rtol=1e-7, atol=0)

    @pytest.mark.parametrize("penalty", every_penalty(), ids=ids)
    def test_weights_get_the_terms_derivative(self, penalty):
        net = smooth()
        real, fake = points(7, 4, 5) * 2, points(8, 4, 5)

        def term():
            noise.at(5)
            return penalty(scored(net, real, fake))

        net.zero_grad()
        term().backward()
        weight, step = net[0].weight, 1e-6
        with torch.no_grad():
            base = weight[2, 1].item()
            values = []
            for sign in (1, -1):
                weight[2, 1] = base + sign * step
                with torch.enable_grad():
                    values.append(term().item())
            weight[2, 1] = base
        assert weight.grad[2, 1].abs() > 1e-6, "a term without gradients holds nothing back"
        assert weight.grad[2, 1].item() == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-4)


class TestApproximation:
    def test_mean_goes_to_r1_as_sigma_goes_to_0(self):
        net = smooth()
        few = scored(net, points(7, 4, 5), points(8, 4, 5))
        many = scored(net, few.real.repeat(20_000, 1), few.fake.repeat(20_000, 1))
        for exact, approximate in [(R1, ApproximateR1), (R2, ApproximateR2)]:
            errors = []
            for sigma in (1.0, 0.3, 0.01):
                noise.at(0)
                errors.append(abs(approximate(2.0, sigma)(many) / exact(2.0)(few) - 1).item())
            assert errors[0] > errors[1] > errors[2]
            assert errors[2] < 0.02

    def test_one_more_forward_is_enough(self):
        calls = []
        net = smooth()
        real = points(0, 4, 5)
        inputs = scored(lambda x: (calls.append(1), net(x))[1], real, real)
        before = len(calls)
        ApproximateR1(1.0)(inputs)
        assert len(calls) == before + 1

    def test_autocast_does_not_drown_it(self):
        """Scores of bf16 are too coarse for a difference of a hundredth of a step."""
        net = smooth(dtype=torch.float32)
        net[2].bias.data.fill_(20.0)
        real = points(0, 256, 5, dtype=torch.float32)
        expected = R1(2.0)(scored(net, real, real)).item()
        with torch.autocast("cpu", torch.bfloat16):
            inputs = scored(net, real, real)
            noise.at(0)
            there = inputs.discriminator(real + 0.01 * noise.normal(*real.shape))
            coarse = ((there - inputs.real_scores).float() / 0.01).square().mean().item()
            noise.at(0)
            fine = ApproximateR1(2.0, 0.01)(inputs).item()
        noise.at(0)
        assert fine == pytest.approx(ApproximateR1(2.0, 0.01)(scored(net, real, real)).item(), rel=1e-6)
        assert fine == pytest.approx(expected, rel=0.3)
        assert abs(coarse / expected - 1) > 0.5, "if this is near, the test above shows nothing"


class TestPrecision:
    @pytest.mark.parametrize("penalty", every_penalty(), ids=ids)
    def test_autocast_changes_nothing(self, penalty):
        net = smooth(dtype=torch.float32)
        real, fake = points(0, 8, 5, dtype=torch.float32), points(1, 8, 5, dtype=torch.float32)
        noise.at(2)
        expected = penalty(scored(net, real, fake))
        with torch.autocast("cpu", torch.bfloat16):
            noise.at(2)
            term = penalty(scored(net, real, fake))
        assert term.dtype == torch.float32
        assert term.item() == expected.item()

    @pytest.mark.parametrize("penalty", every_penalty(), ids=ids)
    def test_half_precision_samples_are_widened(self, penalty):
        net = smooth(dtype=torch.float32)
        real, fake = points(0, 8, 5).bfloat16(), points(1, 8, 5).bfloat16()
        with torch.autocast("cpu", torch.bfloat16):
            term = penalty(scored(net, real, fake))
        assert term.dtype == torch.float32
        assert term.isfinite()

    @pytest.mark.parametrize("penalty", [R1(1.0), R2(1.0), GradientPenalty(), Dragan()], ids=ids)
    def test_second_derivatives_run_eagerly(self, penalty):
        compiled = []

        def backend(graph, inputs):
            compiled.append(graph)
            return graph.forward

        net = smooth(dtype=torch.float32)
        real, fake = points(0, 8, 5, dtype=torch.float32), points(1, 8, 5, dtype=torch.float32)
        scores = net(real).detach()
        inputs = PenaltyInputs(torch.compile(net, backend=backend), real, fake, scores, scores, 0.0)
        penalty(inputs).backward()
        assert net[0].weight.grad.abs().sum() > 0
        assert not compiled
        inputs.discriminator(real)
        assert compiled, "outside of the penalty the network is compiled as before"


@pytest.mark.parametrize("penalty", every_penalty(), ids=ids)
class TestAll:
    def test_samples_need_no_gradient_and_get_none(self, penalty):
        net, real = smooth(), points(0, 4, 5)
        fake = points(1, 4, 5).requires_grad_()
        net.requires_grad_(False)
        with torch.no_grad():
            scores = net(real), net(fake)
        net.requires_grad_(True)
        term = penalty(PenaltyInputs(net, real, fake, *scores, 0.0))
        if term.requires_grad:
            term.backward()
        assert term.shape == ()
        assert not real.requires_grad
        assert fake.grad is None

    def test_two_shards_are_one_batch(self, penalty):
        net, real, fake = smooth(), points(0, 8, 5), points(1, 8, 5)
        noise.at(4, "penalty")
        whole = penalty(scored(net, real, fake))
        halves = []
        for shard in (0, 1):
            noise.at(4, "penalty", shard=shard, shards=2)
            mine = slice(4 * shard, 4 * shard + 4)
            halves.append(penalty(scored(net, real[mine], fake[mine])))
        torch.testing.assert_close(sum(halves) / 2, whole)

    def test_names_are_plain_words(self, penalty):
        assert penalty.name.isidentifier()


def test_names_differ():
    names = [penalty.name for penalty in every_penalty()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("penalty", [ApproximateR1, ApproximateR2])
def test_a_share_of_the_batch_is_its_first_samples(penalty):
    net, real, fake = smooth(), points(1, 8, 5), points(2, 8, 5)
    whole = scored(net, real[:2], fake[:2])
    noise.at(0, "here")
    expected = penalty(0.5, 0.01)(whole)
    noise.at(0, "here")
    found = penalty(0.5, 0.01, share=0.25)(scored(net, real, fake))
    torch.testing.assert_close(found, expected)


def test_a_share_is_computed_anew_where_samples_see_one_another():
    """Scores of two samples among eight are not those of the same two alone."""

    def across(x):
        return x.sum(1) * x.std(0).mean()

    penalty = ApproximateR1(1.0, 1e-4, share=0.25)
    real = points(1, 8, 5)
    assert float(penalty(scored(across, real, real))) < 100, "else a difference of scores over σ² = 1e-8"
