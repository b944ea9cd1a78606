"""A trained generator in a Keras model."""

from __future__ import annotations

import os
from typing import Any


def keras_layer(run: str | os.PathLike[str], **options: Any) -> Any:
    """A trained generator as a frozen Keras layer, on the torch backend.

    It maps latents ``(n, latent)``, and classes ``(n,)`` where the run is conditional, to samples as networks
    see them: images in [-1, 1], in the format that Keras is set to. Gradients reach the latents, and no
    weights. A model with it can be saved: the configuration of the layer is the path of the weights file and
    its digest. Before such a model is loaded, ``import ptarmigan.trained.keras``.

    Args:
        run: the run's folder, or its generator.safetensors.
        **options: of ``keras.layers.Layer``, such as ``name``.

    Raises:
        MissingPackageError: Keras is not installed.
        ValueError: Keras does not run on torch, or there is no such run, or it is no generator.
    """
    from ptarmigan.trained.keras import TrainedGenerator

    return TrainedGenerator(os.fspath(run), **options)
