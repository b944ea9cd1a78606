"""Speed of a step of translation against the published scripts' own way of taking it.

    python benchmarks/translate_speed.py

The plain way is that of pytorch-CycleGAN-and-pix2pix: one forward pass of the generators a step, gradients
of the discriminators switched off for the generators' turn, a backward pass for each discriminator, torch's
Adam with its defaults, pictures in memory, no averaged weights. Networks, losses and batches are the same.
Blocks of steps alternate in one process; medians of the blocks' times are compared. Aim: 1.3 times as fast
on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
import tyro
from record import record
from speed import compared
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.precision import laid_out
from ptarmigan.nets.patchgan import PatchGAN
from ptarmigan.nets.translator import Translator
from ptarmigan.nets.unet import UNet
from ptarmigan.tasks.translate.source import Pairs
from ptarmigan.training.draw import Draw
from ptarmigan.training.ema import EMA
from ptarmigan.training.rules import alternating
from ptarmigan.training.run import Run
from ptarmigan.zoo.translate import cyclegan, pix2pix

Step = Callable[[], None]
KEPT = 50
"""Pictures in the published history."""


def encoded(pictures: np.ndarray) -> Tensor:
    """Pictures as a network takes them."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1


def plain_adam(*networks: nn.Module) -> torch.optim.Adam:
    """The published optimizer."""
    return torch.optim.Adam([p for net in networks for p in net.parameters()], 2e-4, (0.5, 0.999))


def switch(networks: Iterable[nn.Module], on: bool) -> None:
    """Whether discriminators get gradients."""
    for net in networks:
        for p in net.parameters():
            p.requires_grad = on


def plain_pix2pix(pictures: np.ndarray, width: int, batch: int) -> Step:
    """A step of the published pix2pix."""
    shape = (3, *pictures.shape[1:3])
    generator, discriminator = UNet(shape, shape, width), PatchGAN(shape, shape, width)
    of_g, of_d = plain_adam(generator), plain_adam(discriminator)
    b, at = encoded(pictures), count()
    a = b.mean(1, keepdim=True).expand_as(b).contiguous()

    def loss(scores: Tensor, real: bool) -> Tensor:
        return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, float(real)))

    def step() -> None:
        i = next(at)
        noise.at(i)  # dropout's
        which = torch.randint(len(b), (batch,))
        x, given = b[which], a[which]
        made = generator(given)
        switch([discriminator], True)
        of_d.zero_grad()
        fake = loss(discriminator(made.detach(), given), False)
        ((fake + loss(discriminator(x, given), True)) * 0.5).backward()
        of_d.step()
        switch([discriminator], False)
        of_g.zero_grad()
        (loss(discriminator(made, given), True) + 100 * F.l1_loss(made, x)).backward()
        of_g.step()

    return step


class Pool:
    """The published history: half of what is asked for is any earlier picture, which the new one replaces."""

    def __init__(self) -> None:
        self.kept: list[Tensor] = []

    def __call__(self, made: Tensor) -> Tensor:
        """As many pictures, some of them earlier ones."""
        given = []
        for one in made.detach().split(1):
            if len(self.kept) < KEPT:
                self.kept.append(one)
            elif torch.rand(()) < 0.5:
                i = int(torch.randint(KEPT, ()))
                one, self.kept[i] = self.kept[i], one
            given.append(one)
        return torch.cat(given)


def plain_cyclegan(pictures: np.ndarray, width: int, batch: int) -> Step:
    """A step of the published CycleGAN."""
    shape = (3, *pictures.shape[1:3])
    there, back = Translator(shape, shape, width), Translator(shape, shape, width)
    of_a, of_b = (PatchGAN(shape, None, width, norm=nn.InstanceNorm2d) for _ in range(2))
    generators, discriminators = plain_adam(there, back), plain_adam(of_a, of_b)
    b = encoded(pictures)
    a = b.mean(1, keepdim=True).expand_as(b).contiguous()
    pool_a, pool_b = Pool(), Pool()

    def loss(scores: Tensor, real: bool) -> Tensor:
        return F.mse_loss(scores, torch.full_like(scores, float(real)))

    def step() -> None:
        y, x = (all_of[torch.randint(len(b), (batch,))] for all_of in (b, a))
        made, inverted = there(x), back(y)
        x_again, y_again = back(made), there(inverted)
        switch([of_a, of_b], False)
        generators.zero_grad()
        kept = 5 * (F.l1_loss(there(y), y) + F.l1_loss(back(x), x))
        cycle = 10 * (F.l1_loss(x_again, x) + F.l1_loss(y_again, y))
        (loss(of_b(made), True) + loss(of_a(inverted), True) + cycle + kept).backward()
        generators.step()
        switch([of_a, of_b], True)
        discriminators.zero_grad()
        for net, real, fake in ((of_b, y, pool_b(made)), (of_a, x, pool_a(inverted))):
            ((loss(net(real), True) + loss(net(fake), False)) * 0.5).backward()
        discriminators.step()

    return step


def ours(run: Run) -> Step:
    """A step of ours, with everything that training does at every step."""
    laid_out(run.game, noise.CPU, None, run.space.layout)
    draw, average, batch, at = Draw(run.samples), EMA(run.game), run.samples.batch, count()

    def step() -> None:
        i = next(at)
        run.advance(i / run.steps)
        alternating(run.game, run.optimizers, draw, i)
        average.update(batch=batch, half_life=500)

    return step


def main(
    size: int = 128, widths: tuple[int, ...] = (64, 32), batch: int = 1, blocks: int = 7, threads: int = 2
) -> None:
    """Measure and record.

    Args:
        size: of the pictures, a side.
        widths: of the networks' first layers; 64 as published.
        batch: pictures in a step; 1 as published.
        blocks: alternating blocks, of two steps each.
        threads: of the processor.
    """
    torch.set_num_threads(threads)
    pictures = np.random.default_rng(0).integers(0, 256, (64, size, size, 3), np.uint8)
    greys = np.repeat(pictures.mean(3, keepdims=True).astype(np.uint8), 3, 3)
    found: dict[str, Any] = {"size": size, "batch": batch}
    for name, recipe, plain in (
        ("pix2pix", pix2pix.recipe, plain_pix2pix),
        ("cyclegan", cyclegan.recipe, plain_cyclegan),
    ):
        for width in widths:
            run = recipe(Pairs((greys, pictures)), width=width, batch=batch, steps=10**9)
            times = compared({"published": plain(pictures, width, batch), "ours": ours(run)}, blocks, 2)
            faster = round(times["published"] / times["ours"], 2)
            found[f"{name}, width {width}"] = {"milliseconds a step": times, "times faster": faster}
            print(name, width, found[f"{name}, width {width}"], flush=True)
    record("translate", found, part=f"speed, {threads} threads")


if __name__ == "__main__":
    tyro.cli(main)
