"""Networks that are written in Keras, as players.

A Keras layer on torch is an ``nn.Module``, and still no player: its moving averages and the states of its
random numbers are parameters there, torch's ``train`` and ``eval`` do not reach it, and the names of its
weights count what else was built before. So it is called without side effects, with weights that are kept
here.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.process import Lock
from ptarmigan.media.optional import is_installed, needs
from ptarmigan.nets.layers import Classes, required

HINT = "set KERAS_BACKEND=torch in the environment before Keras is imported"
SEED_STATE = "seed_generator_state"
"""What Keras calls the variables from which layers such as Dropout draw."""
SEEDS = 1 << 24

_turn = Lock()
"""Python's random numbers, from which Keras draws its seeds, are one for all threads."""


def keras_on_torch() -> Any:
    """The package ``keras``.

    Raises:
        MissingPackageError: it is not installed.
        ValueError: it runs on another backend than torch, or would.
    """
    if is_installed("keras") and "keras" not in sys.modules and os.environ.get("KERAS_BACKEND") != "torch":
        raise ValueError(f"Keras may not run on torch: {HINT}")
    keras = needs("keras", extra="keras", why="Keras networks need Keras 3")
    if keras.backend.backend() != "torch":
        raise ValueError(f"Keras runs on {keras.backend.backend()}: {HINT}")
    return keras


@contextmanager
def keras_session() -> Iterator[None]:
    """A block in which Keras builds as torch does, and after which its settings are as before.

    Weights have torch's default dtype, and initial values that follow from the seed of the recipe.
    """
    keras = keras_on_torch()
    seed = int(noise.uniform(1) * SEEDS)
    with _turn:
        before, floatx, policy = random.getstate(), keras.config.floatx(), keras.config.dtype_policy()
        random.setstate(random.Random(seed).getstate())
        keras.config.set_floatx(str(torch.get_default_dtype()).removeprefix("torch."))
        keras.config.set_dtype_policy(keras.config.floatx())
        try:
            yield
        finally:
            random.setstate(before)
            keras.config.set_floatx(floatx)
            keras.config.set_dtype_policy(policy)


@dataclass(frozen=True)
class Held:
    """A Keras model outside of torch's tree of modules; copies share it, as it keeps no weights of theirs."""

    model: Any

    def __deepcopy__(self, memo: object) -> Held:
        return self


class KerasNetwork(nn.Module):
    """A Keras 3 model as the generator or discriminator of a GAN.

    It is trained, averaged, resumed and saved as any network is; build it in a ``keras_session()``. Dropout
    and other random layers draw from the engine's noise, so that ranks and micro-batches agree. Images are
    given to the model, and taken from it, in its own format.

    Args:
        model: a built ``keras.Model`` or ``keras.Layer``: of a generator, from ``z`` of shape (n, latent) to
            samples, images in [-1, 1]; of a discriminator, from samples to scores, which are logits.
        latent: of a generator, the size of its ``z``; 0 of a discriminator.
        conditional: the model has a second input, the classes ``(n,)``, whole numbers.
        data_format: of the model's images, ``channels_last`` or ``channels_first``; Keras' own setting when
            None.

    Raises:
        MissingPackageError: Keras is not installed.
        ValueError: Keras does not run on torch, the model is not built, its scores go through a sigmoid, or
            it has regularisers or spectral normalisation, which would be without effect.
    """

    def __init__(
        self, model: Any, latent: int = 0, *, conditional: bool = False, data_format: str | None = None
    ) -> None:
        super().__init__()
        keras = keras_on_torch()
        check(keras, model, latent)
        self.latent, self.conditional, self.held = latent, conditional, Held(model)
        self.channels_last = (data_format or keras.config.image_data_format()) == "channels_last"
        for i, v in enumerate(model.trainable_variables):
            self.register_parameter(named(v, i), nn.Parameter(laid_out(v.value.detach().clone())))
        for i, v in enumerate(model.non_trainable_variables):
            self.register_buffer(named(v, i), v.value.detach().clone())
        self.random = [v.name == SEED_STATE for v in model.non_trainable_variables]

    def forward(self, x: Tensor, c: Classes | None = None) -> Tensor:
        """The model's output for ``x``, and for the classes where it is conditional."""
        keras, model = keras_on_torch(), self.held.model
        weights, states = list(self.parameters()), list(self.buffers())
        if self.training:
            self.seed_layers(len(x))
        mapping = [*zip(self.variables, [*weights, *states], strict=True)]
        inputs = self.to_model(x)
        with keras.device(str(x.device)), keras.StatelessScope(state_mapping=mapping) as scope:
            output = model([inputs, required(c)] if self.conditional else inputs, training=self.training)
            after = [scope.get_current_value(v) for v in model.non_trainable_variables]
        if self.training:
            self.keep(after)
        return torch.as_tensor(self.from_model(output))

    @property
    def variables(self) -> list[Any]:
        """Those of the Keras model, in the order of the parameters and buffers here."""
        return [*self.held.model.trainable_variables, *self.held.model.non_trainable_variables]

    @torch.no_grad()
    def seed_layers(self, n: int) -> None:
        """Seed the random layers from the noise of this shard's ``n`` samples."""
        for state, drawn in zip(self.buffers(), self.random, strict=True):
            if drawn:
                state.copy_(noise.uniform(n, 2)[0] * SEEDS)

    @torch.no_grad()
    def keep(self, after: list[Tensor]) -> None:
        """Keep what a forward pass made of the moving averages; seeds are drawn anew each time."""
        for state, new, drawn in zip(self.buffers(), after, self.random, strict=True):
            if not drawn:
                state.copy_(new)

    def to_model(self, x: Tensor) -> Tensor:
        """Images from channels first to the model's format."""
        return x.movedim(1, -1) if x.ndim == IMAGES and self.channels_last else x

    def from_model(self, x: Tensor) -> Tensor:
        """Images from the model's format to channels first."""
        return x.movedim(-1, 1) if x.ndim == IMAGES and self.channels_last else x

    @torch.no_grad()
    def to_keras(self) -> Any:
        """The Keras model itself with these weights: ``to_keras().save("generator.keras")``.

        Keras reads such a file on every backend, as long as its layers are Keras' own.
        """
        for v, value in zip(self.variables, [*self.parameters(), *self.buffers()], strict=True):
            v.assign(value)
        return self.held.model


IMAGES = 4
"""The dimensions of a batch of images."""


def laid_out(weight: Tensor) -> Tensor:
    """The kernel of a convolution in the order of torch's memory.

    Keras reorders a kernel at every call; in its own order one of a single channel has strides from which
    torch computes no gradients in float64 (``slow_conv2d``).
    """
    return weight.permute(3, 2, 0, 1).contiguous().permute(2, 3, 1, 0) if weight.ndim == IMAGES else weight


def named(variable: Any, i: int) -> str:
    """The name of a weight in files: Keras' own counts the layers of the whole process."""
    return f"{variable.name.replace('.', '_')}_{i}"


def check(keras: Any, model: Any, latent: int) -> None:
    """See that a Keras model can be a player.

    Raises:
        ValueError: it cannot.
    """
    if not isinstance(model, keras.Layer):
        raise ValueError(f"a Keras network is a keras.Model or keras.Layer, not a {type(model).__name__}")
    if not model.built:
        raise ValueError(
            f"the Keras model {model.name!r} has no weights yet: begin it with keras.Input(shape), or call it"
        )
    if not latent and ends_in_sigmoid(keras, model):
        raise ValueError("the discriminator ends in a sigmoid: leave it out, the losses take logits")
    if model.losses:
        raise ValueError(
            f"the Keras model {model.name!r} has regularisers or calls add_loss, which are part of no turn: "
            "leave them out, and give its optimizer a weight_decay"
        )
    if any(isinstance(layer, keras.layers.SpectralNormalization) for layer in layers_of(keras, model)):
        raise ValueError(
            "keras.layers.SpectralNormalization overwrites the weights that it is given: take a gradient "
            "penalty, or ptarmigan.nets.spectral with networks of torch"
        )


def layers_of(keras: Any, model: Any) -> Iterator[Any]:
    """A model and its layers, and theirs."""
    yield model
    for layer in model.layers if isinstance(model, keras.Model) else ():
        yield from layers_of(keras, layer)


def ends_in_sigmoid(keras: Any, model: Any) -> bool:
    """Whether the last layer's activation is one."""
    last = model.layers[-1] if isinstance(model, keras.Model) and model.layers else model
    return bool(last.get_config().get("activation") == "sigmoid")
