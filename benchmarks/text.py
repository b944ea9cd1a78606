"""Text GANs beside maximum likelihood at several temperatures, and beside samplers that count n-grams.

    python benchmarks/text.py oracle [--entries mle seqgan distillation maligan relgan scratchgan]
    python benchmarks/text.py captions [--entries ...]
    python benchmarks/text.py captions --run FOLDER      # one that was trained by ptarmigan train

``oracle``: 10,000 sequences of 20 tokens of an LSTM with random weights (Yu et al. 2017), whose likelihood
is known: NLL_oracle is of generated sequences under it, NLL_test of 10,000 others of its own under the
generator, both in nats a token; 5.75 is its own entropy. Each alone is fooled, one by a low temperature,
one by maximum likelihood. Aim: an adversarial model with NLL_oracle at most 8.7, and NLL_test within 0.2 of
where it began.

``captions``: 10,000 COCO captions, and 10,000 others as references, the protocol of ``ptarmigan score``.
Aim: maximum likelihood reaches, at some temperature, BLEU-3 of 0.5 with a self-BLEU-3 of at most 0.72; and
each adversarial model is held against the curve that temperatures draw. A model is above it where its
BLEU-3 is higher than the curve's at its self-BLEU-3.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tyro
from clocked import Play
from numpy.typing import NDArray
from record import record

from ptarmigan import zoo
from ptarmigan.core.game import Game
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.registry import modality_of
from ptarmigan.tasks.generate import generate
from ptarmigan.tasks.likelihood import held_out_nll
from ptarmigan.trained import load, rebuild
from ptarmigan.training.options import build
from ptarmigan.training.run import Run

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data")) / "text"
TEMPERATURES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)
ENTRIES: dict[str, tuple[str, dict[str, Any]]] = {
    "mle": ("text.mle", {}),
    "seqgan": ("text.seqgan", {"rollouts": 2}),
    "distillation": ("text.seqgan", {"reward": "relativistic"}),
    "maligan": ("text.maligan", {}),
    "relgan": ("text.relgan", {}),
    "scratchgan": ("text.scratchgan", {}),
}
"""Recipes, and options that differ from their own."""
SEQUENCES, LENGTH, TOKENS = 10_000, 20, 5_000
SCORED = 2_000

Ids = NDArray[np.int64]


class Oracle:
    """The LSTM of SeqGAN's synthetic data; its weights are the arrays of the file, in order."""

    def __init__(self) -> None:
        with np.load(DATA / "seqgan_oracle_lstm.npz") as file:
            arrays = [torch.from_numpy(file[f"p{i:02}"]).float() for i in range(15)]
        self.embedding, *gates, self.out, self.bias = arrays
        self.gates = [gates[3 * i : 3 * i + 3] for i in range(4)]

    def steps(self, n: int) -> Iterator[Any]:
        """Log-probabilities of the next of ``n`` tokens, which are then sent."""
        token = torch.zeros(n, dtype=torch.long)
        h = c = torch.zeros(n, self.embedding.shape[1])
        while True:
            x = self.embedding[token]
            i, f, o, g = (x @ w + h @ u + b for w, u, b in self.gates)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            token = yield (h @ self.out + self.bias).log_softmax(1)

    def draw(self, n: int, seed: int) -> Ids:
        """``n`` sequences."""
        generator = torch.Generator().manual_seed(seed)
        steps = self.steps(n)
        logs, found = next(steps), []
        for _ in range(LENGTH):
            found.append(torch.multinomial(logs.exp(), 1, generator=generator)[:, 0])
            logs = steps.send(found[-1])
        return torch.stack(found, 1).numpy()

    def nll(self, ids: Ids) -> float:
        """The mean of −log p over all tokens."""
        steps, total = self.steps(len(ids)), 0.0
        logs = next(steps)
        for column in torch.from_numpy(ids).T:
            total -= float(logs.gather(1, column[:, None]).double().mean())
            logs = steps.send(column)
        return total / ids.shape[1]


def main(
    what: tyro.conf.Positional[str],
    entries: tuple[str, ...] = tuple(ENTRIES),
    run: str = "",
    steps: int | None = None,
    seed: int = 0,
    threads: int = 1,
) -> None:
    """Train text GANs and score them.

    Args:
        what: oracle or captions.
        entries: which ones.
        run: the folder of a run on captions, in place of all entries.
        steps: of every recipe's training; its own when None.
        seed: the random seed.
        threads: of torch.
    """
    torch.set_num_threads(threads)
    if run:
        known = load(Path(run))
        found = swept(known.game, rebuild(Path(run)).samples) | {"options": known.description["options"]}
        record("text", found, part=f"{what}: {known.recipe.removeprefix('text.')}, trained before")
        return
    for name in entries:
        recipe, options = ENTRIES[name]
        more = {"seed": seed, **({} if steps is None else {"steps": steps})}
        begun = time.process_time()
        found = {"oracle": on_oracle, "captions": on_captions}[what](recipe, options | more)
        found |= {"steps": steps, "seed": seed, "seconds of CPU": round(time.process_time() - begun)}
        print(name, found, flush=True)
        record("text", found, part=f"{what}: {name}")


def trained(run: Run) -> Game:
    """A run to its end: the game with EMA weights."""
    play = Play(run)
    while play.step < run.steps:
        play.advance(play.step / run.steps)
        if play.step % 100 == 0:
            print(f"step {play.step}/{run.steps}", flush=True)
    run.samples.close()
    with play.ema.applied_to(run.game) as game:
        return copy.deepcopy(game).eval()


def on_oracle(recipe: str, options: dict[str, Any]) -> dict[str, Any]:
    """NLL_oracle at every temperature, and NLL_test."""
    oracle = Oracle()
    train, test = (oracle.draw(SEQUENCES, seed) for seed in (0, 1))
    place = Path(os.environ.get("TMPDIR", "/tmp")) / "ptarmigan-oracle"
    place.mkdir(exist_ok=True)
    for name, ids in (("train", train), ("test", test)):
        (place / f"{name}.txt").write_text("\n".join(" ".join(map(str, row)) for row in ids))
    run = build(zoo.recipe(recipe), options | {"data": str(place / "train.txt"), "least": 1})
    game = trained(run)
    space: Any = run.space
    known = np.array([0] * 4 + [int(word) for word in space.vocabulary])
    found = {}
    for temperature in TEMPERATURES:
        chunks = generate(game, space, SCORED, seed=1, temperature=temperature)
        found[f"{temperature:g}"] = oracle.nll(known[np.concatenate(list(chunks))])
    nll = held_out_nll(game, run.samples)
    return {"NLL_oracle": found, "NLL_test": nll, "entropy": oracle.nll(test)}


def on_captions(recipe: str, options: dict[str, Any]) -> dict[str, Any]:
    """Every score at every temperature, and those of the baselines."""
    run = build(zoo.recipe(recipe), options | {"data": str(DATA / "coco_captions_train.txt")})
    return swept(trained(run), run.samples)


def swept(game: Game, samples: Samples) -> dict[str, Any]:
    """The same of a game, on its samples."""
    space = samples.space
    evaluator = modality_of(space).evaluator(samples, Request(n=SCORED))
    found: dict[str, Any] = {}
    for temperature in TEMPERATURES:
        chunks = generate(game, space, SCORED, seed=1, temperature=temperature)
        scores = evaluator.evaluate(np.concatenate(list(chunks))).scores
        found[f"{temperature:g}"] = {score.scale.name: round(score.value.value, 4) for score in scores}
        print(temperature, found[f"{temperature:g}"], flush=True)
    baselines = {
        name: {score.scale.name: round(score.baselines[name], 4) for score in scores}
        for name in scores[0].baselines
    }
    real = {score.scale.name: score.real for score in scores}
    return {"temperatures": found, "baselines": baselines, "real": real, **held_out_nll(game, samples)}


if __name__ == "__main__":
    tyro.cli(main)
