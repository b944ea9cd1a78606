"""Text GANs beside the maximum likelihood that they began with, at several temperatures, on COCO captions.

    python benchmarks/text.py mle                            # the start of the others, kept in --place
    python benchmarks/text.py seqgan distillation maligan relgan scratchgan
    python benchmarks/text.py --run FOLDER                   # one that was trained by ptarmigan train
    python benchmarks/text.py --draw ../docs/pictures/text-curve.png

10,000 captions, and 10,000 others as references, the protocol of ``ptarmigan score``. A model is better than
maximum likelihood where its BLEU-3 is higher than the curve's, which temperatures draw, at its self-BLEU-3;
``--steps`` of a GAN are all against the discriminator. Aim: maximum likelihood reaches, at some temperature,
BLEU-3 of 0.5 with a self-BLEU-3 of at most 0.72. What is likely is known in ``oracle.py``.
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tyro
from clocked import Play
from record import record, recorded
from torch.nn.utils import parameters_to_vector

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
from ptarmigan.zoo.text.seqgan import SeqGAN

DATA = Path(os.environ.get("PTARMIGAN_DATA", Path(__file__).parents[2] / "shared" / "data")) / "text"
TEMPERATURES = (0.7, 0.8, 0.9, 1.0, 1.1)
PLACE = Path(os.environ.get("TMPDIR", "/tmp")) / "ptarmigan-captions"
BEGUN: dict[str, Any] = {"pretraining": 0.0, "steps": 150}
RATES = {"generator_lr": 3e-4, "discriminator_lr": 1e-3}
ENTRIES: dict[str, tuple[str, dict[str, Any]]] = {
    "mle": ("text.mle", {"width": 64, "hidden": 128, "steps": 1_000}),
    "seqgan": ("text.seqgan", {**BEGUN, **RATES, "rollouts": 2, "filters": 4, "steps": 60}),
    "distillation": ("text.seqgan", {**BEGUN, **RATES, "filters": 4, "reward": "relativistic"}),
    "maligan": ("text.maligan", {**BEGUN, **RATES}),
    "relgan": ("text.relgan", {**BEGUN, **RATES, "discriminator_steps": 1, "steps": 60}),
    "scratchgan": ("text.scratchgan", {"layers": 1, "batch": 64, "steps": 150}),
}
"""Recipes, and options that differ from their own."""


def main(
    entries: tyro.conf.Positional[tuple[str, ...]] = (),
    run: str = "",
    draw: str = "",
    steps: int | None = None,
    seed: int = 0,
    n: int = 2_000,
    place: Path = PLACE,
) -> None:
    """Train text GANs on captions, and score them.

    Args:
        entries: which ones.
        run: the folder of a run on captions, in place of entries.
        draw: where a picture of all that was recorded is written.
        steps: of every recipe's training; the entry's own when None.
        seed: the random seed.
        n: sentences that are scored.
        place: where the start of GANs is.
    """
    torch.set_num_threads(1)
    place.mkdir(exist_ok=True)
    if run:
        known = load(Path(run))
        found = swept(known.game, rebuild(Path(run)).samples, TEMPERATURES, n)
        found |= {"options": known.description["options"]}
        record("text", found, part=f"captions: {known.recipe.removeprefix('text.')}, trained before")
        return
    for name in entries:
        recipe, options = ENTRIES[name]
        options = options | {"seed": seed} | ({} if steps is None else {"steps": steps})
        built = build(zoo.recipe(recipe), options | {"data": str(DATA / "coco_captions_train.txt")})
        start, generator = place / f"mle-{seed}.pt", built.game.get_submodule("generator")
        if "pretraining" in options:
            generator.load_state_dict(torch.load(start, weights_only=True))
            follow(built.game)
        begun = time.process_time()
        game = trained(built)
        spent = round(time.process_time() - begun)
        if name == "mle":
            torch.save(game.get_submodule("generator").state_dict(), start)
        found = swept(game, built.samples, TEMPERATURES if name == "mle" else (0.9, 1.0), n)
        found |= {"options": options, "seconds of CPU": spent}
        record("text", found, part=f"captions: {name}, seed {seed}")
    if draw:
        picture(Path(draw), seed)


def picture(path: Path, seed: int) -> None:
    """BLEU-3 over self-BLEU-3 of all that was recorded with a seed: temperatures are joined."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), dpi=110, layout="constrained")
    axes = figure.add_subplot(xlabel="self-BLEU-3 (lower: more diverse)", ylabel="BLEU-3 (higher: better)")
    every = recorded("text")
    for name in ENTRIES:
        if found := every.get(f"captions: {name}, seed {seed}"):
            at = {t: (s["self-BLEU-3"], s["BLEU-3"]) for t, s in found["temperatures"].items()}
            mle = name == "mle"
            axes.plot(
                *zip(*at.values(), strict=True),
                "o-" if mle else "s:",
                label=name,
                color="0.5" if mle else None,
            )
            for t, place in at.items() if mle else ():
                axes.annotate(f"T = {t}", place, xytext=(4, -10), textcoords="offset points", fontsize=7)
    baselines = every[f"captions: mle, seed {seed}"]["baselines"]
    for name, mark in (("3-gram sampler", "^"), ("4-gram sampler", "v"), ("training sentences", "*")):
        axes.plot(baselines[name]["self-BLEU-3"], baselines[name]["BLEU-3"], mark, color="black", label=name)
    axes.margins(x=0.08)
    axes.legend(fontsize=8)
    figure.savefig(path)


def follow(game: Game) -> None:
    """Rollouts by the weights that a generator begins with."""
    if isinstance(game, SeqGAN):
        game.lagging.value.copy_(parameters_to_vector(game.generator.parameters()).detach())


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


def swept(game: Game, samples: Samples, temperatures: Sequence[float], n: int) -> dict[str, Any]:
    """Every score of a game at some temperatures, and those of the baselines."""
    space = samples.space
    evaluator = modality_of(space).evaluator(samples, Request(n=n))
    found: dict[str, Any] = {}
    for temperature in temperatures:
        chunks = generate(game, space, n, seed=1, temperature=temperature)
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
