"""Pictures from captions: learnt, asked for in words, shown with them, and measured against them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from ptarmigan import api
from ptarmigan.contract.recipes import small_run
from ptarmigan.core.batch import Batch
from ptarmigan.data.samples import ArraySource
from ptarmigan.media.captioned import captioned, wrapped
from ptarmigan.modalities.text.sentences import SentenceEncoder
from ptarmigan.tasks.caption import evaluate, matcher
from ptarmigan.tasks.caption.scenes import drawn
from ptarmigan.tasks.caption.source import Captions
from ptarmigan.tasks.write import write_samples
from ptarmigan.trained import load
from ptarmigan.trained.illustrator import Illustrator

ASKED = "a small red circle left of a large blue square"


@pytest.fixture(scope="module")
def samples():
    opened = Captions().open(batch=4)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "scenes"
    options = {"width": 4, "sentence": 8, "steps": 2, "batch": 4, "score_every": 0, "augmentation": 0.1}
    api.train("image.text2image", out=str(out), quiet=True, vitals=False, **options)
    return out


def test_samples_follow_what_is_given(run):
    trained = load(run)
    raw = trained.sample(5, given=ASKED)
    assert raw.shape == (5, 32, 32, 3)
    np.testing.assert_array_equal(trained.sample(2, given=ASKED), raw[:2])
    assert not np.array_equal(trained.sample(2, given="a large green circle"), raw[:2])
    both = trained.sample(2, given=[ASKED, "a large green circle"])
    np.testing.assert_array_equal(both[0], raw[0])
    assert trained.captions(3, given=ASKED) == [ASKED] * 3


def test_without_a_sentence_those_of_the_data_are_shown(run):
    trained = load(run)
    captions = trained.captions(30, seed=1)
    assert captions[:9] == trained.captions(9, seed=1)
    assert {*captions} <= {*drawn(20_000, "train").captions}
    assert trained.sample(3, seed=1).shape[0] == 3
    assert trained.conditional()
    assert trained.interpolate(2, given=ASKED).shape[0] == 3


def test_a_folder_of_samples_is_read_again_with_its_captions(run, tmp_path):
    trained = load(run)
    captions = trained.captions(3, given=["a red circle", "a blue square"])
    batches = trained.batches(3, given=["a red circle", "a blue square"])
    write_samples(trained.space, batches, 3, tmp_path / "some", captions)
    rows = [json.loads(line) for line in (tmp_path / "some" / "metadata.jsonl").read_text().splitlines()]
    assert [row["text"] for row in rows] == captions
    again = Captions(str(tmp_path / "some"), least=1).open(batch=1)
    given = again.require_condition()
    assert given.space.titles(given.source.read(np.arange(3))) == captions
    np.testing.assert_array_equal(again.source.read(np.arange(1)), trained.sample(1, given="a red circle"))


def test_pictures_have_captions_under_them(run, tmp_path):
    trained = load(run)
    pictures = [trained.space.render(one[None]) for one in trained.sample(2, given=ASKED)]
    plain, named = (captioned(pictures, [words] * 2) for words in ("", ASKED))
    assert plain.size[0] == named.size[0]
    assert np.asarray(named)[-20:].min() < 128 < np.asarray(plain)[-4:].min()
    assert wrapped("<b>\x1b[31m" + "word " * 99, 20).count("\n") == 2
    assert "\x1b" not in wrapped("\x1b[31m red", 20)


def test_a_file_of_other_captions_is_refused(run, tmp_path):
    trained = load(run)
    for given in ([[1, 2]], []):
        with pytest.raises(ValueError, match="captions"):
            Illustrator(trained.game, trained.space, {**trained.description, "given": given})


def test_the_penalty_is_of_pictures_and_of_sentences():
    run = small_run("image.text2image")
    game, batch = run.game, run.samples.load(0)
    batch = Batch(batch.x.to(torch.float32), batch.c)
    found = game.penalty_loss(batch)["gradient_penalty"]
    s = game.discriminator.encoder(batch.c.long()).detach()

    def score(x, s):
        return game.discriminator.score(game.discriminator.features(x), s).sum()

    slopes = torch.autograd.functional.jacobian(score, (batch.x, s))
    norm = sum(slope.flatten(1).norm(dim=1) for slope in slopes)
    assert all(float(slope.abs().max()) > 0 for slope in slopes)
    torch.testing.assert_close(found, game.lazy * game.penalty * norm.pow(6).mean(), rtol=1e-4, atol=1e-12)


def test_equal_sentences_are_no_mismatch():
    run = small_run("image.text2image")
    batch = run.samples.load(0)
    alike = Batch(batch.x.to(torch.float32), batch.c[:1].expand_as(batch.c))
    assert run.game.discriminator_loss(alike)["mismatched"].item() == 0
    assert run.game.discriminator_loss(Batch(alike.x, batch.c))["mismatched"].item() > 0


def test_sentences_are_drawn_around_what_they_are_by_the_latent():
    run = small_run("image.text2image")
    game, c = run.game, run.samples.load(0).c
    for block in game.generator.blocks:  # which at first ignore what they are given
        torch.nn.init.normal_(block.affines[0].network[2].weight)
    z = torch.zeros(len(c), game.latent)
    other = z.clone()
    other[:, -game.generator.encoder.size :] = 1
    assert not torch.equal(game.sample(z, c), game.sample(other, c))
    assert game.generator_loss(run.samples.load(0))["divergence"].item() >= 0


@pytest.mark.parametrize("order", ["gru", "words"])
def test_an_encoder_reads_words_and_their_order_where_it_should(order, samples):
    space = samples.require_inputs()
    encoder = SentenceEncoder(space, 6, order)
    rows = torch.from_numpy(
        space.given(["a red circle above a blue square", "a blue square above a red circle"], 2)
    ).long()
    both = encoder(rows)
    assert torch.allclose(both[0], both[1], atol=1e-5) == (order == "words")
    longer = torch.nn.functional.pad(rows, (0, 4))
    torch.testing.assert_close(encoder(longer), both)


def test_real_pictures_show_their_captions_and_trivial_ones_do_not(samples):
    case = evaluate.Case(samples, 30)
    (measure,) = evaluate.truths(case)
    panel = evaluate.CaptionPanel((measure,), case, "few", errors=True)
    real = np.repeat(samples.held_out.read(np.arange(30)), evaluate.MEMBERS, 0)
    scores = panel.evaluate(ArraySource(real)).scores
    whole = next(score for score in scores if score.scale.name == "right everything")
    assert whole.value.value == whole.real == 1
    assert whole.baselines["captions shuffled"] < 0.3
    assert whole.baselines["mean picture"] == 0


def test_spread_is_none_where_a_caption_has_one_picture(samples):
    case = evaluate.Case(samples, 12)
    panel = evaluate.CaptionPanel((evaluate.SPREAD,), case, "few", errors=False)
    (metric,) = panel.metrics()
    one = np.repeat(samples.held_out.read(np.arange(12)), evaluate.MEMBERS, 0)
    assert metric(one) == 0
    assert metric(samples.source.read(np.arange(24))) == pytest.approx(1, abs=0.3)


def test_the_nearest_caption_shares_most_words(samples):
    case = evaluate.Case(samples, 20)
    given = samples.require_condition()
    titles = given.space.titles(given.source.read(case.nearest(np.arange(20))))
    for own, near in zip(given.space.titles(case.captions), titles, strict=True):
        assert len({*own.split()} & {*near.split()}) >= len({*own.split()}) - 1


def test_the_judge_tells_captions_apart(samples, monkeypatch, tmp_path):
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path))
    monkeypatch.setattr(matcher, "STEPS", 40)
    judge = matcher.learn(samples, samples.require_inputs())
    rows = np.arange(64)
    raw, captions = samples.held_out.read(rows), samples.require_condition().held_out.read(rows)
    near = judge.pictures(raw) @ judge.captions(captions).T
    own, others = np.diag(near).mean(), near[~np.eye(64, dtype=bool)].mean()
    assert own > others + 0.1
    assert judge.found(raw, captions).mean() > judge.found(np.roll(raw, 1, 0), captions).mean()


def test_every_number_of_the_evaluator_stands_beside_trivial_ones(samples, monkeypatch):
    class Blind:
        def found(self, raw, captions):
            return np.zeros(len(raw))

    monkeypatch.setattr(matcher, "learn", lambda samples, space: Blind())
    request = evaluate.Request(("r-precision", "spread"), n=20)
    known = evaluate.evaluator(samples, request)
    assert (known.n, known.members) == (20, 2)
    found = known.evaluate(samples.source.read(np.arange(20)))
    assert [score.scale.name for score in found.scores] == ["R-precision", "spread per caption"]
    assert {*found.scores[0].baselines} == {"captions shuffled", "mean picture", "nearest caption"}
    assert evaluate.of_held_out(samples, 5).shape[0] == 5


def test_sentences_are_told_apart_by_their_quotes(run):
    trained = load(run)
    assert trained.read_condition(("a red circle", "a blue square")) == ["a red circle", "a blue square"]
    assert trained.read_condition(("a", "red", "circle")) == ["a red circle"]
