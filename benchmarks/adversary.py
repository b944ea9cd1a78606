"""An autoencoder by L1 alone, with the published switch-on of a discriminator, and with ours.

    python benchmarks/adversary.py fashion_mnist ../shared/data/fashion_mnist
    python benchmarks/adversary.py colour ../shared/data/cifar10_jpeg.zip

All have the same networks, first weights, batches and steps. *L1* has no adversary. *Published* is that of
Esser et al. 2021 (arXiv 2012.09841): a PatchGAN with batch norm and the hinge loss, which is not trained and
does not count before step N, and then does in full, with gradients at the last layer balanced up to 10,000.
*Ours* is ``ptarmigan.Adversary``, trained from the first step, its weight rising from step N on. What is made
of held-out pictures is compared with these: mean absolute error, and Fréchet distance. ``jump`` is the
highest error of the 300 steps after N over that at N.

Decided beforehand: ours is better than L1 alone where its distance is at most half at no more than 1.1 times
the error.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from record import record

import ptarmigan
from ptarmigan.core.penalties import ApproximateR1
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.nets.patchgan import PatchGAN

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
from autoencoder import Autoencoder

WAYS = ("l1", "published", "ours")
BATCH, AFTER, HELD_OUT = 32, 300, 2_000


def adversary_of(
    way: str, model: Autoencoder, shape: tuple[int, ...], start: int, args: argparse.Namespace
) -> Any:
    """The adversary of a way; None for none."""
    if way == "l1":
        return None
    if way == "published":
        network = PatchGAN(shape, width=args.width)
        return ptarmigan.Adversary(
            network, penalties=(), weight=1.0, ramp=0, layer=model.last.weight, limit=1e4
        )
    return ptarmigan.Adversary(
        "patch",
        shape=shape,
        width=args.width,
        weight=args.weight,
        warmup=start,
        ramp=args.steps // 4,
        penalties=(ApproximateR1(args.gamma),),
        loss=args.loss,
    )


def played(way: str, data: Images, seed: int, args: argparse.Namespace) -> dict[str, float]:
    """One run."""
    torch.manual_seed(seed)
    samples = data.open(batch=BATCH, seed=seed)
    model = Autoencoder(samples.shape, args.latent)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    start = args.steps // 4
    adversary = adversary_of(way, model, samples.shape, start, args)
    errors, begun = [], time.process_time()
    for step in range(args.steps):
        x = samples.draw(step).x
        fake = model(x)
        error = F.l1_loss(fake, x)
        loss, counts = error, adversary is not None and (way == "ours" or step >= start)
        if counts:
            loss = error + adversary.loss(fake, x, other=error)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if counts:
            adversary.step(fake, x)
        errors.append(error.item())
    seconds = time.process_time() - begun
    smooth = np.convolve(errors, np.ones(20) / 20, "valid")
    jump = float(smooth[start : start + AFTER].max() / smooth[start - 40 : start - 20].mean())
    found = {"seconds": seconds, "jump": jump} | compared(model, samples)
    if adversary is not None:
        found["findings"] = [str(advice) for advice in adversary.diagnose()]
    return found


@torch.no_grad()
def compared(model: Autoencoder, samples: Samples[ImageSpace]) -> dict[str, float]:
    """Reconstructions of held-out pictures against these."""
    raw = samples.held_out.read(np.arange(min(HELD_OUT, len(samples.held_out))))
    real = samples.space.encode(raw)
    fake = torch.cat([model(x) for x in real.split(500)])
    scored = ptarmigan.score(raw, samples.space.decode(fake), metrics=["frechet"], kind="image")
    return {
        "mean absolute error": float((fake - real).abs().mean()),
        "frechet": next(iter(scored["scores"].values()))["value"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("data")
    parser.add_argument("--steps", type=int, default=1_500)
    parser.add_argument("--latent", type=int, default=16)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--weight", type=float, default=0.015)
    parser.add_argument("--gamma", type=float, default=0.1)
    parser.add_argument("--loss", default="hinge")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--ways", nargs="+", default=WAYS)
    parser.add_argument("--try", action="store_true", dest="tried", help="do not record")
    args = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[str, list[dict[str, float]]] = {}
    for seed in range(args.seeds):
        for way in args.ways:
            found.setdefault(way, []).append(played(way, Images(args.data), seed, args))
            print(way, seed, found[way][-1], flush=True)
    if not args.tried:
        record("adversary", found, part=args.name, note=f"{args.steps} steps, latent {args.latent}")


if __name__ == "__main__":
    main()
