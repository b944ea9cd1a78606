"""Language models: distributions, sampling as a function, padding that nobody sees, rewards that count."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ptarmigan.core import noise
from ptarmigan.core.batch import Batch
from ptarmigan.core.game import at_temperature
from ptarmigan.modalities.text.game import Baseline, Phases, Players
from ptarmigan.modalities.text.nets import LanguageModel, SentenceCNN, inverse, uniform_of
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokens import BOS, EOS, PAD, UNK
from ptarmigan.zoo.text.relgan import exponential, gumbel_given
from ptarmigan.zoo.text.scratchgan import ScratchGAN, TokenDiscriminator, discounted
from ptarmigan.zoo.text.seqgan import Distillation, SeqGAN

SPACE = TextSpace(tuple("abcdefgh"), 6, "words")


def model(space=SPACE, **options) -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(space, 5, 7, **options).double()


def test_tokens_are_drawn_with_their_probabilities():
    logits = torch.tensor([[0.0, 1.0, -torch.inf, 2.0]]).double()
    u = (torch.arange(20_000).double() + 0.5) / 20_000
    found = torch.bincount(inverse(logits.expand(20_000, -1), u), minlength=4) / 20_000
    torch.testing.assert_close(found.double(), logits[0].softmax(0), atol=1e-4, rtol=0)


def test_nothing_impossible_is_drawn_by_the_ends_of_the_uniform_numbers():
    logits = torch.tensor([[-torch.inf, 0.0, 0.0, -torch.inf]]).double()
    for z in (-50.0, 50.0):
        assert int(inverse(logits, uniform_of(torch.tensor([z])))) in (1, 2)


def test_a_sample_depends_on_its_own_latent_alone():
    net, z = model(), torch.randn(40, SPACE.length).double()
    whole = net(z)
    torch.testing.assert_close(whole[7:9], net(z[7:9]), atol=0, rtol=0)


def test_padding_unknown_words_and_empty_sentences_are_never_drawn():
    ids = model()(torch.randn(3_000, SPACE.length).double()).long()
    assert not ((ids == UNK) | (ids == BOS)).any()
    assert (ids[:, 0] > UNK).all()
    for row in ids.tolist():
        end = row.index(EOS) if EOS in row else len(row)
        assert PAD not in row[:end]
        assert set(row[end + 1 :]) <= {PAD}


def test_sentences_of_one_length_have_no_end():
    space = replace(SPACE, ends=False)
    assert (model(space)(torch.randn(500, space.length).double()) > UNK).all()


def test_probabilities_of_what_is_drawn_are_those_of_how_often_it_is():
    net = model(replace(SPACE, length=3))
    with torch.no_grad():
        net.embedding.weight.mul_(8)
        ids = net(torch.randn(40_000, 3).double()).long()
        some = ids[:30]
        expected = net.log_probabilities(some, drawn=True).sum(1).exp()
    counts = torch.stack([(ids == row).all(1).double().mean() for row in some])
    often = expected > 2e-3
    assert often.sum() > 3
    torch.testing.assert_close(counts[often], expected[often], atol=0, rtol=0.35)


def test_a_low_temperature_says_what_is_likely_and_one_of_1_is_the_same():
    net, z = model(), torch.randn(400, SPACE.length).double()
    with torch.no_grad():
        net.bias.copy_(torch.linspace(-2, 2, SPACE.tokens))
    plain = net(z)
    with at_temperature(net, 0.2):
        cold = net(z).long()
    torch.testing.assert_close(plain, net(z))
    likely = (net.log_probabilities(ids, drawn=True).sum(1).mean() for ids in (cold, plain.long()))
    assert next(likely) > next(likely) + 0.5


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("inf"), float("nan")])
def test_temperatures_that_are_none(temperature):
    with (
        pytest.raises(ValueError, match="a temperature is a positive number"),
        at_temperature(model(), temperature),
    ):
        pass


def test_games_without_distributions_have_no_temperature():
    with (
        pytest.raises(ValueError, match="leave --temperature out"),
        at_temperature(torch.nn.Linear(1, 1), 0.5),
    ):
        pass


@pytest.mark.parametrize("make", [model, lambda: SentenceCNN(SPACE, 5, [(1, 3), (2, 3)]).double()])
def test_padding_changes_nothing(make):
    torch.manual_seed(0)
    net = make()
    ids = torch.tensor([[4, 5, EOS, PAD, PAD, PAD], [4, 5, 6, 7, 8, EOS]])
    with torch.no_grad():
        before = net.log_probabilities(ids) if isinstance(net, LanguageModel) else net(ids)
        net.embedding.weight[PAD] += 1.0 * isinstance(net, LanguageModel)
        after = net.log_probabilities(ids) if isinstance(net, LanguageModel) else net(ids)
        alone = net.log_probabilities(ids[:1]) if isinstance(net, LanguageModel) else net(ids[:1])
    torch.testing.assert_close(before, after)
    torch.testing.assert_close(before[:1], alone)


def test_a_sentence_continues_from_its_beginning():
    net = model()
    u = torch.rand(9, SPACE.length).double()
    whole = net.draw(u)
    torch.testing.assert_close(net.draw(u, begun=whole[:, :2]), whole)


def test_gumbel_noise_given_a_token_has_it_as_its_largest_sum_and_is_gumbel_noise():
    n = 4_000
    logits = torch.tensor([0.3, -1.0, 1.2, 0.0]).double()
    p = logits.log_softmax(0).expand(n, -1)
    noise.at(0, "test")
    tokens = inverse(p, torch.rand(n).double())
    found = gumbel_given(tokens, p, exponential(torch.ones(n, 1, dtype=torch.bool), p))
    assert ((p + found).argmax(1) == tokens).all()
    euler, spread = 0.5772, torch.pi / 6**0.5
    torch.testing.assert_close(found.mean(0), torch.full((4,), euler).double(), atol=0.08, rtol=0)
    torch.testing.assert_close(found.std(0), torch.full((4,), spread).double(), atol=0.08, rtol=0)


def test_baselines_follow_rewards_where_there_are_tokens():
    baseline = Baseline(3, 0.5, 0.9)
    there = torch.tensor([[True, True, False], [True, False, False]])
    rewards = torch.tensor([[1.0, 0.0, 9.0], [0.0, 7.0, 9.0]])
    advantage = baseline.advantage(rewards, there)
    torch.testing.assert_close(advantage, torch.tensor([[0.5, -0.5, 0.0], [-0.5, 0.0, 0.0]]))
    baseline.settle()
    torch.testing.assert_close(baseline.value, torch.tensor([0.5, 0.45, 0.5]))


class Likes(torch.nn.Module):
    """A discriminator that likes the token 4, and knows no other."""

    def forward(self, x, c=None, *, noisy=False):
        return 2.0 * (x == 4).double().sum(1)


class LikesEach(TokenDiscriminator):
    def __init__(self):
        torch.nn.Module.__init__(self)

    def forward(self, x, c=None, *, noisy=False):
        return 4.0 * (x == 4).double() - 2


@pytest.mark.parametrize(
    "make",
    [
        lambda net: SeqGAN(net, Likes(), Phases(), 2),
        lambda net: Distillation(net, Likes(), Phases(), 8),
        lambda net: ScratchGAN(net, LikesEach(), 0.23, 0.0),
    ],
)
def test_what_the_discriminator_likes_is_said_more_often(make):
    game = make(model())
    optimizer = torch.optim.Adam(game.generator.parameters(), 2e-2)
    batch = Batch(torch.empty(64, SPACE.length, device="meta"))

    def often() -> float:
        noise.at(0, "often")
        return float((game.fake(batch) == 4).double().sum(1).mean())

    before = often()
    for step in range(40):
        noise.at(0, step)
        optimizer.zero_grad()
        game.generator_loss(batch)["generator"].backward()
        optimizer.step()
        for module in game.modules():
            if hasattr(module, "settle"):
                module.settle()
    assert often() > 2 * before


def test_what_a_token_is_worth_is_what_follows_it():
    game = SeqGAN(model(), Likes(), Phases(), 40)
    noise.at(0, "worth")
    values = game.values(torch.tensor([[4, 5, EOS, PAD, PAD, PAD], [5, 5, EOS, PAD, PAD, PAD]]), None)
    assert values[0, 0] > values[1, 0] + 0.1
    torch.testing.assert_close(values[:, 2], torch.tensor([2.0, 0.0]).double().sigmoid())


def test_rollouts_are_by_a_copy_that_has_followed_maximum_likelihood():
    game = SeqGAN(model(), Likes(), Phases(10, 10), 2)
    optimizer = torch.optim.Adam(game.generator.parameters(), 1e-2)
    ids = torch.tensor([[4, 5, EOS, PAD, PAD, PAD]] * 8)
    begun = torch.nn.utils.parameters_to_vector(game.generator.parameters()).detach()
    for _ in range(30):
        optimizer.zero_grad()
        game.likelihood_loss(Batch(ids))["likelihood"].backward()
        optimizer.step()
        game.lagging.settle()
    now = torch.nn.utils.parameters_to_vector(game.generator.parameters()).detach()
    assert (game.lagging.value - now).norm() < 0.3 * (begun - now).norm()


def test_phases():
    assert Players(pretraining=0.5).phases(1_000) == Phases(500, 550)
    with pytest.raises(ValueError, match=r"a share of the steps below 0\.9, not 1"):
        Players(pretraining=1.0).phases(10)


def test_a_sentence_is_no_better_for_ending_soon():
    there = torch.tensor([[True, False, False], [True, True, True]])
    found = discounted(torch.full((2, 3), -1.0), there, 0.5)
    torch.testing.assert_close(found, torch.tensor([[-2.0, 0.0, 0.0], [-2.0, -2.0, -2.0]]))
    rising = discounted(torch.tensor([[0.0, 0.0, 1.0]]), there[1:], 0.5)
    torch.testing.assert_close(rising, torch.tensor([[0.5, 1.0, 2.0]]))
