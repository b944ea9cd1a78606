"""Text GANs on sequences whose likelihood is known: the oracle of Yu et al. 2017, arXiv 1609.05473.

    python benchmarks/oracle.py mle                        # the start of the others, kept in --place
    python benchmarks/oracle.py distillation maligan ...   # from there
    python benchmarks/oracle.py --discriminator 400        # what a discriminator learns of a fixed generator

10,000 sequences of 20 tokens out of 5,000, of an LSTM with random weights (section 5.1). NLL_oracle is of
generated sequences under it, NLL_test of 10,000 others of its own under the generator, both in nats a token;
5.75 is its own entropy. Each alone is fooled: NLL_oracle by a low temperature, NLL_test by maximum
likelihood. So both are recorded at every temperature, and a model is better than a temperature where it is
below the curve that maximum likelihood draws in the plane of both. Aim: maximum likelihood (embeddings and
states of 32, Adam 1e-2, batches of 64) at an NLL_oracle of 9.0 after about seven minutes of one processor; an
adversarial model with NLL_oracle at most 8.7, and NLL_test within 0.2 of where it began.
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
from text import follow
from torch import Tensor

from ptarmigan import zoo
from ptarmigan.modalities.text.game import Phases
from ptarmigan.tasks.generate import generate
from ptarmigan.training.options import build
from ptarmigan.training.run import Run

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data")) / "text"
PLACE = Path(os.environ.get("TMPDIR", "/tmp")) / "ptarmigan-oracle"
LANGUAGE = {"width": 32, "hidden": 32, "least": 1}
ADVERSARIAL = {**LANGUAGE, "pretraining": 0.0}
RATES = {"generator_lr": 2e-3, "discriminator_lr": 2e-3}
ENTRIES: dict[str, tuple[str, dict[str, Any]]] = {
    "mle": ("text.mle", {**LANGUAGE, "lr": 1e-2, "steps": 3_600}),
    "seqgan": ("text.seqgan", {**ADVERSARIAL, **RATES, "filters": 5, "rollouts": 2, "steps": 60}),
    "distillation": (
        "text.seqgan",
        {**ADVERSARIAL, **RATES, "filters": 5, "reward": "relativistic", "steps": 300},
    ),
    "maligan": ("text.maligan", {**ADVERSARIAL, **RATES, "steps": 300}),
}
"""Recipes, and options that differ from their own."""
TEMPERATURES = (1.0, 0.9, 0.8, 0.7)
SEQUENCES, LENGTH, TOKENS, CHUNK = 10_000, 20, 5_000, 500
SCORED, LOOKED_AT = 2_000, 500
"""Sequences, at the end and along the run."""
LOOKS = 6
"""How often a run is looked at."""

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
        found = []
        for u in torch.rand(n, LENGTH, generator=generator).split(CHUNK):
            steps, columns = self.steps(len(u)), []
            logs = next(steps)
            for t in range(LENGTH):
                cumulated = logs.exp().cumsum(1)
                token = torch.searchsorted(cumulated, u[:, t, None] * cumulated[:, -1:])[:, 0]
                columns.append(token.clamp(max=TOKENS - 1))
                logs = steps.send(columns[-1])
            found.append(torch.stack(columns, 1))
        return torch.cat(found).numpy()

    def nll(self, ids: Ids) -> float:
        """The mean of −log p over all tokens."""
        total = 0.0
        for rows in torch.from_numpy(ids).split(CHUNK):
            steps = self.steps(len(rows))
            logs = next(steps)
            for column in rows.T:
                total -= float(logs.gather(1, column[:, None]).double().sum())
                logs = steps.send(column)
        return total / ids.size


def main(
    entries: tyro.conf.Positional[tuple[str, ...]] = (),
    discriminator: int = 0,
    steps: int | None = None,
    seed: int = 0,
    place: Path = PLACE,
    begin: str = "mle-3600",
) -> None:
    """Train text GANs on an oracle's sequences, and score them.

    Args:
        entries: which ones.
        discriminator: steps of SeqGAN's against the start, which stays as it is.
        steps: of training, the entry's own when None.
        seed: the random seed of the run; sequences are the same.
        place: where sequences and the start of adversarial runs are.
        begin: which start of these, after so many steps of maximum likelihood.
    """
    torch.set_num_threads(1)
    place.mkdir(exist_ok=True)
    oracle, files = Oracle(), written(place)
    if discriminator:
        alone = build(zoo.recipe("text.seqgan"), ENTRIES["seqgan"][1] | files | {"seed": seed})
        alone.game.get_submodule("generator").load_state_dict(torch.load(place / f"{begin}-{seed}.pt"))
        record("oracle", told_apart(alone, discriminator), part=f"discriminator, from {begin}, seed {seed}")
    for entry in entries:
        recipe, options = ENTRIES[entry]
        options = options | {"seed": seed} | ({} if steps is None else {"steps": steps})
        run = build(zoo.recipe(recipe), options | files)
        if entry != "mle":
            weights = torch.load(place / f"{begin}-{seed}.pt", weights_only=True)
            run.game.get_submodule("generator").load_state_dict(weights)
            follow(run.game)
        found = []
        for mark, game in marks(run):
            found.append(mark | scored(game, run, oracle, 1.0, LOOKED_AT))
            print(entry, seed, found[-1], flush=True)
            if entry == "mle":
                torch.save(game.generator.state_dict(), place / f"mle-{mark['step']}-{seed}.pt")
        sweep = {f"{t:g}": scored(game, run, oracle, t, SCORED) for t in TEMPERATURES}
        print(entry, seed, sweep, flush=True)
        figures = {"along the run": found, "temperatures": sweep, "options": options}
        begun = "" if entry == "mle" else f", from {begin}"
        record("oracle", figures, part=f"{entry}{begun}, seed {seed}")


def told_apart(run: Run, steps: int) -> dict[str, float]:
    """The area under a discriminator's ROC curve: training and held-out sequences against generated ones."""
    game: Any = run.game
    game.phases = Phases(0, steps)
    play = Play(run)
    while play.step < steps:
        play.advance(0.0)
    made = np.concatenate(list(generate(game.eval(), run.space, LOOKED_AT, seed=1)))
    of = {"training": run.samples.source, "held out": run.samples.held_out}
    with torch.no_grad():
        fake, *real = (
            game.discriminate(run.space.encode(raw)).numpy()
            for raw in (made, *(source.read(np.arange(LOOKED_AT)) for source in of.values()))
        )
    run.samples.close()
    found = {name: float((one[:, None] > fake).mean()) for name, one in zip(of, real, strict=True)}
    print(found, flush=True)
    return found | {"steps": steps}


def marks(run: Run) -> Iterator[tuple[dict[str, int], Any]]:
    """How far a run is, at its begin and ``LOOKS`` times, and its game with EMA weights."""
    play, spent = Play(run), 0.0
    for look in range(LOOKS + 1):
        began = time.process_time()
        while play.step < look * run.steps // LOOKS:
            play.advance(play.step / run.steps)
        spent += time.process_time() - began
        with play.ema.applied_to(run.game) as game:
            yield {"step": play.step, "seconds of CPU": round(spent)}, copy.deepcopy(game).eval()
    run.samples.close()


def written(place: Path) -> dict[str, str]:
    """Sequences of the oracle in files, as options of a recipe."""
    oracle = Oracle()
    for name, seed in (("train", 0), ("test", 1)):
        path = place / f"{name}.txt"
        if not path.exists():
            rows = oracle.draw(SEQUENCES, seed)
            print(f"{name}: entropy {oracle.nll(rows):.3f}", flush=True)
            path.write_text("\n".join(" ".join(map(str, row)) for row in rows))
    (place / "tokens.txt").write_text("\n".join(map(str, range(TOKENS))))
    return {"data": str(place / "train.txt"), "tokenizer": str(place / "tokens.txt")}


def scored(game: Any, run: Run, oracle: Oracle, temperature: float, n: int) -> dict[str, float]:
    """NLL_oracle and NLL_test at a temperature, of ``n`` sequences each."""
    space: Any = run.space
    known = np.array([0] * 4 + [int(word) for word in space.vocabulary])
    made = np.concatenate(list(generate(game, space, n, seed=1, temperature=temperature)))
    held_out = space.encode(run.samples.held_out.read(np.arange(n))).long()
    return {
        "NLL_oracle": round(oracle.nll(known[made]), 4),
        "NLL_test": round(nll(game, held_out, temperature), 4),
    }


@torch.no_grad()
def nll(game: Any, ids: Tensor, temperature: float) -> float:
    """The mean of −log p over all tokens, at a temperature."""
    total = 0.0
    for rows in ids.split(100):
        logs = (game.generator.token_logits(rows) / temperature).log_softmax(1)
        total -= float(logs.gather(1, rows.flatten()[:, None]).double().sum())
    return total / ids.numel()


if __name__ == "__main__":
    tyro.cli(main)
