"""The Keras layer of a trained generator; importing this file imports Keras."""

from __future__ import annotations

import hashlib
from typing import Any

from torch import Tensor

from ptarmigan.media.files import path_of
from ptarmigan.media.foreign import read_bytes
from ptarmigan.nets.keras import IMAGES, Held, keras_on_torch
from ptarmigan.trained.generator import Generator
from ptarmigan.trained.loading import load, weights_file

keras: Any = keras_on_torch()


@keras.saving.register_keras_serializable(package="ptarmigan")
class TrainedGenerator(keras.layers.Layer):  # type: ignore[misc]
    """A trained generator: latents to samples, in evaluation mode, without weights that train.

    Args:
        run: the run's folder, or its generator.safetensors.
        digest: SHA-256 of the weights file, which has to be the same; any when empty.
        **options: of ``keras.layers.Layer``.

    Raises:
        ValueError: there is no such run, it is another one, or it is no generator.
    """

    def __init__(self, run: str, digest: str = "", **options: Any) -> None:
        super().__init__(**{**options, "trainable": False})
        self.run, self.digest = run, digest_of(run)
        if digest and digest != self.digest:
            raise ValueError(
                f"{run} is another run than the one that this model was made with: its weights differ"
            )
        trained = load(run)
        if not isinstance(trained, Generator):
            raise ValueError(f"{run} is of {trained.recipe}, which does not generate from latents")
        self.held, self.shape = Held(trained), tuple(trained.space.shape)
        self.built = True

    def call(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Samples ``(n, …)`` of latents ``(n, latent)``, and of classes ``(n,)``."""
        trained = self.held.model.to(z.device)
        x: Tensor = trained(z.to(next(trained.parameters()).dtype), c)
        return x.movedim(1, -1) if self.moved else x

    @property
    def moved(self) -> bool:
        """Whether samples are images and Keras has their channels last."""
        return len(self.shape) + 1 == IMAGES and keras.config.image_data_format() == "channels_last"

    def compute_output_shape(self, z_shape: Any, c_shape: Any = None) -> tuple[int | None, ...]:
        """That of the samples."""
        channel, *size = self.shape
        return (z_shape[0], *size, channel) if self.moved else (z_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        """The place of the weights and their digest."""
        return {**super().get_config(), "run": self.run, "digest": self.digest}


def digest_of(run: str) -> str:
    """SHA-256 of a run's weights file.

    Raises:
        ValueError: there is none.
    """
    place = path_of(run)
    file = weights_file(place) if place.is_dir() else place
    try:
        return hashlib.sha256(read_bytes(file)).hexdigest()
    except FileNotFoundError:
        raise ValueError(f"{run} is no run that has ended, and no file of one") from None
