"""Networks written in Keras, as its tutorials have them: Radford et al. 2016, arXiv 1511.06434.

    ptarmigan check examples/keras_networks.py
    ptarmigan train examples/keras_networks.py --data cifar10
    ptarmigan train examples/keras_networks.py --data mnist --networks dense

Every layer is Keras' own, and sizes are those of the tutorials: 100 → 8·8·128 → 8×8×128 → 32×32×3 by
transposed convolutions with batch normalisation, and 100 → 256 → 512 → 1024 → 784 of dense layers
(Goodfellow et al. 2014, arXiv 1406.2661). The discriminators leave their sigmoid out, since the losses take
logits. The run resumes bit for bit, scores and reports like any other, and
``load(run).game.generator.to_keras()`` is a Keras model again, which can be saved as a ``.keras`` file.
"""

from __future__ import annotations

import os
from math import log2
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")  # before Keras is imported

import keras
from keras import layers

import ptarmigan
from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import adams
from ptarmigan.modalities.image.source import Images
from ptarmigan.nets.keras import KerasNetwork, keras_session
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

Image = tuple[int, int, int]


@configurable
def recipe(
    data: Images = Images(),
    *,
    networks: str = "convolutional",
    width: int = 128,
    latent: int = 100,
    lr: float = 2e-4,
    training: Training = Training(steps=10_000),
) -> Run:
    """A GAN of Keras networks.

    Args:
        networks: convolutional, of square images of 8, 16, 32, 64 or more pixels, or dense.
        width: channels of a convolution, or half of the units of the first dense layer.

    Raises:
        ValueError: the networks are unknown, or convolutional and the images not of such a size.
    """
    samples = training.open(data)
    channels, height, size = samples.shape
    if networks not in PAIRS:
        raise ValueError(f"--networks is {' or '.join(PAIRS)}, not {networks!r}")
    if networks == "convolutional" and (height != size or size < 8 or size & (size - 1)):
        raise ValueError(
            f"convolutional networks make squares of 8, 16, 32 … pixels, not {height}x{size}: --size 32"
        )
    with keras_session():
        generator, discriminator = PAIRS[networks]((height, size, channels), width, latent)
        game = GAN(KerasNetwork(generator, latent), KerasNetwork(discriminator))
    return training.run(game, samples, adams(game, lr))


def convolutional(image: Image, width: int, latent: int) -> tuple[keras.Model, keras.Model]:
    """A generator that doubles maps of 8×8 until they have the size of the image, and its mirror image."""
    doublings = int(log2(image[0] // 8))
    up = [
        layer
        for _ in range(doublings)
        for layer in (
            layers.Conv2DTranspose(width, 4, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
        )
    ]
    generator = keras.Sequential(
        [
            keras.Input((latent,)),
            layers.Dense(width * 8 * 8, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Reshape((8, 8, width)),
            *up,
            layers.Conv2D(image[2], 5, padding="same", activation="tanh"),
        ]
    )
    down = [
        layer
        for _ in range(doublings)
        for layer in (layers.Conv2D(width, 4, strides=2, padding="same"), layers.LeakyReLU(0.2))
    ]
    discriminator = keras.Sequential(
        [
            keras.Input(image),
            *down,
            layers.Conv2D(width, 3, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ]
    )
    return generator, discriminator


def dense(image: Image, width: int, latent: int) -> tuple[keras.Model, keras.Model]:
    """Three dense layers each way."""
    units = (2 * width, 4 * width, 8 * width)
    values = image[0] * image[1] * image[2]
    up = [
        layer
        for n in units
        for layer in (layers.Dense(n), layers.LeakyReLU(0.2), layers.BatchNormalization(momentum=0.8))
    ]
    generator = keras.Sequential(
        [keras.Input((latent,)), *up, layers.Dense(values, activation="tanh"), layers.Reshape(image)]
    )
    down = [
        layer for n in units[::-1] for layer in (layers.Dense(n), layers.LeakyReLU(0.2), layers.Dropout(0.3))
    ]
    discriminator = keras.Sequential([keras.Input(image), layers.Flatten(), *down, layers.Dense(1)])
    return generator, discriminator


PAIRS = {"convolutional": convolutional, "dense": dense}


small = dict(size="16", width=4, latent=8, steps=4, batch=8)


def main(out: str | Path = "runs/keras-networks", steps: int = 5_000, **options: Any) -> None:
    outcome = ptarmigan.train(__file__, steps=steps, out=out, **options)
    print(outcome.reason, outcome.scores)
    generator = ptarmigan.load(out).game.generator.to_keras()
    generator.save(Path(out) / "generator.keras")
    print(f"wrote generator.keras of {generator.count_params():,} weights")


if __name__ == "__main__":
    main()
