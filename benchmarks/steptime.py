"""Step time and peak memory of image.stylegan2 against a plain loop with the same networks.

    python benchmarks/steptime.py

The plain loop is what one would write in PyTorch: the same networks, batch, losses, lazy regularisation,
mixing of styles and EMA of the weights, without augmentation, all in fp32. A block is 16 steps, in which
every lazy turn comes as often as it should; blocks alternate in one process, and medians are compared. Aims:
at most 1.1 times the time, and peak memory no higher (each way in a process of its own).
"""

from __future__ import annotations

import copy
import math
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import tyro
from record import record
from speed import compared
from torch import Tensor

from ptarmigan import zoo
from ptarmigan.core import noise
from ptarmigan.core.precision import laid_out
from ptarmigan.training.draw import Draw
from ptarmigan.training.ema import EMA
from ptarmigan.training.run import Run
from ptarmigan.zoo.image.stylegan2 import PATH_EVERY, R1_EVERY, StyleGAN2

BLOCK, HALF_LIFE = 16, 1e4
Step = Callable[[], None]


def run_of(side: int, width: int, batch: int) -> Run:
    """The recipe on noise."""
    images = np.random.default_rng(0).integers(0, 256, (512, side, side, 3), np.uint8)
    options = dict(width=width, latent=width, batch=batch, augment="none", steps=10**9)
    return zoo.recipe("image.stylegan2")(images, **options)


def ours(run: Run) -> Step:
    """A step of the engine."""
    laid_out(run.game, noise.CPU, None, run.space.layout)
    draw, average, steps = Draw(run.samples), EMA(run.game), count()

    def step() -> None:
        i = next(steps)
        run.advance(i / run.steps)
        run.rule(run.game, run.optimizers, draw, i)
        average.update(batch=run.samples.batch, half_life=HALF_LIFE)

    return step


def plain(run: Run) -> Step:
    """A step of a loop that knows this one system."""
    game = run.game
    assert isinstance(game, StyleGAN2)
    generator, discriminator = game.generator, game.discriminator
    of_g, of_d = (
        torch.optim.Adam(getattr(game, name).parameters(), run.rates[name][0], (0.0, 0.99))
        for name in ("generator", "discriminator")
    )
    average, steps, mean = copy.deepcopy(generator), count(), torch.zeros(())
    raw = run.samples.source.read(np.arange(len(run.samples)))
    images, batch = run.space.encode(raw), run.samples.batch
    keep = 0.5 ** (batch / HALF_LIFE)

    def mixed(n: int) -> Tensor:
        w = generator.map(torch.randn(n, generator.latent))[:, None].repeat(1, generator.styles, 1)
        if torch.rand(()) < game.mixing:
            cut = int(torch.randint(1, generator.styles, ()))
            w[:, cut:] = generator.map(torch.randn(n, generator.latent))[:, None]
        return w

    def update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def step() -> None:
        nonlocal mean
        i, real = next(steps), images[torch.randint(len(images), (batch,))]
        discriminator.requires_grad_(False)
        update(of_g, F.softplus(-discriminator(generator.synthesise(mixed(batch)))).mean())
        if i % PATH_EVERY == 0:
            w = mixed(batch // 2)
            made = generator.synthesise(w)
            y = torch.randn_like(made) / math.sqrt(math.prod(made.shape[2:]))
            (slope,) = torch.autograd.grad((made * y).sum(), w, create_graph=True)
            lengths = slope.square().sum(2).mean(1).sqrt()
            mean = mean.lerp(lengths.detach().mean(), 0.01)
            update(of_g, PATH_EVERY * game.path_weight * (lengths - mean).square().mean())
        discriminator.requires_grad_(True)
        with torch.no_grad():
            fake = generator.synthesise(mixed(batch))
        update(of_d, F.softplus(discriminator(fake)).mean() + F.softplus(-discriminator(real)).mean())
        if i % R1_EVERY == 0:
            real = real.detach().requires_grad_()
            (slope,) = torch.autograd.grad(discriminator(real).sum(), real, create_graph=True)
            update(of_d, R1_EVERY * game.gamma / 2 * slope.square().sum((1, 2, 3)).mean())
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), generator.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)

    return step


WAYS: dict[str, Callable[[Run], Step]] = {"plain": plain, "ours": ours}


def peak(way: str, threads: int, side: int, width: int, batch: int) -> float:
    """Peak resident MiB of this process after a block."""
    torch.set_num_threads(threads)
    step = WAYS[way](run_of(side, width, batch))
    for _ in range(BLOCK + 1):
        step()
    # of what runs now: the maximum of getrusage begins with that of the process that started this one
    (line,) = (x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
    return round(int(line.split()[1]) / 1024, 1)


def main(side: int = 32, width: int = 64, batch: int = 16, blocks: int = 9, threads: int = 2) -> None:
    """Compare and record.

    Args:
        side: pixels.
        width: of the networks, and of z.
        batch: images.
        blocks: of 16 steps, of each way.
        threads: of the processor.
    """
    torch.set_num_threads(threads)
    times = compared({name: way(run_of(side, width, batch)) for name, way in WAYS.items()}, blocks, BLOCK)
    memory = {}
    for name in WAYS:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
            memory[name] = alone.submit(peak, name, threads, side, width, batch).result()
    figures = {
        "side": side,
        "width": width,
        "batch": batch,
        "milliseconds a step": times,
        "ours over plain": round(times["ours"] / times["plain"], 3),
        "peak MiB": memory,
    }
    print(figures)
    record("steptime", figures)


if __name__ == "__main__":
    tyro.cli(main)
