"""An autoencoder whose pictures are sharp: a plain PyTorch loop, with an adversary of two calls.

    python examples/autoencoder.py fashion-mnist
    python examples/autoencoder.py photos/ --steps 10000

The mean absolute error alone is minimised by blurred pictures, since what is not known is averaged. The
discriminator learns what they lack, from the first step on; its weight in the loss rises once the autoencoder
has learnt what it can without. What is wrong with it, if anything is, is said at the end.
"""

from __future__ import annotations

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import ptarmigan
from ptarmigan.modalities.image.source import Images


class Autoencoder(nn.Module):
    """Strided convolutions to a latent of some numbers, and back."""

    def __init__(self, shape: tuple[int, ...], latent: int = 16, width: int = 32) -> None:
        super().__init__()
        channels, height, across = shape
        self.inner = 2 * width, height // 4, across // 4
        size = 2 * width * (height // 4) * (across // 4)
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(size, latent),
        )
        self.start = nn.Linear(latent, size)
        self.decoder = nn.Sequential(
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(width, width, 4, 2, 1),
            nn.ReLU(),
        )
        self.last = nn.Conv2d(width, channels, 3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures in [-1, 1] of what is left of ``x`` in the latent."""
        inner = self.start(self.encoder(x)).unflatten(1, self.inner)
        return torch.tanh(self.last(self.decoder(inner)))


def main(data: str = "fashion-mnist", *, size: str = "", steps: int = 4_000, batch: int = 64) -> Autoencoder:
    torch.manual_seed(0)
    samples = Images(data, size).open(batch=batch)
    model = Autoencoder(samples.shape)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    adversary = ptarmigan.Adversary(
        "patch", shape=samples.shape, width=32, weight=0.015, warmup=steps // 8, ramp=steps // 4
    )
    for step in range(steps):
        x = samples.draw(step).x
        fake = model(x)
        error = F.l1_loss(fake, x)
        loss = error + adversary.loss(fake, x, other=error)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        adversary.step(fake, x)
        if (step + 1) % max(1, steps // 10) == 0:
            print(f"step {step + 1:,}: mean absolute error {error.item():.4f}")
    for advice in adversary.diagnose() or ["the adversary is healthy"]:
        print(advice)
    return model


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", default="fashion-mnist")
    parser.add_argument("--size", default="")
    parser.add_argument("--steps", type=int, default=4_000)
    arguments = parser.parse_args()
    main(arguments.data, size=arguments.size, steps=arguments.steps)
