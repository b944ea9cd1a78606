"""A user's hooks among those of every training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, final

from torch import Tensor

from ptarmigan.core.errors import one_line
from ptarmigan.core.game import Terms
from ptarmigan.training.outcome import Outcome
from ptarmigan.training.trainer import Hook, Trainer


@final
class Guarded(Hook):
    """A user's hook, up to the end: its errors are logged, and its state must be plain data.

    Args:
        hook: the user's.
    """

    def __init__(self, hook: Hook) -> None:
        self.hook = hook

    @property
    def name(self) -> str:
        """The user's."""
        return self.hook.name

    def start(self, trainer: Trainer) -> None:
        """The user's."""
        with reported(self.hook, trainer):
            self.hook.start(trainer)

    def step(self, trainer: Trainer, terms: Terms) -> None:
        """The user's."""
        with reported(self.hook, trainer):
            self.hook.step(trainer, terms)

    def values(self, trainer: Trainer) -> Mapping[str, float]:
        """The user's."""
        with reported(self.hook, trainer):
            return self.hook.values(trainer)

    def finish(self, trainer: Trainer) -> None:
        """The user's."""
        with reported(self.hook, trainer):
            self.hook.finish(trainer)

    def state_dict(self) -> Mapping[str, Any]:
        """The user's.

        Raises:
            TypeError: a checkpoint with it could not be loaded again.
        """
        state = self.hook.state_dict()
        if (wrong := not_plain(state)) is not None:
            raise TypeError(
                f"the state of the hook {self.name!r} holds a {type(wrong).__name__}: keep tensors, numbers, "
                "strings, and lists, tuples and dictionaries of these"
            )
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """The user's."""
        self.hook.load_state_dict(state)


@final
class Ending(Hook):
    """The end of a user's hook, which comes after all files are written.

    Args:
        hook: the user's.
    """

    def __init__(self, hook: Hook) -> None:
        self.hook = hook

    @property
    def name(self) -> str:
        """The key of this part."""
        return f"{self.hook.name} (end)"

    def end(self, trainer: Trainer, outcome: Outcome) -> None:
        """The user's."""
        with reported(self.hook, trainer):
            self.hook.end(trainer, outcome)


@contextmanager
def reported(hook: Hook, trainer: Trainer) -> Iterator[None]:
    """Log an error of a hook before it ends the training; the last checkpoint stays."""
    try:
        yield
    except Exception as error:
        words = f"the hook {hook.name!r} failed ({type(error).__name__}: {one_line(error)})"
        trainer.log.event(trainer.step, f"stopped: {words}")
        raise


def not_plain(value: Any) -> Any:
    """What in a value is neither a tensor nor plain; None where all is."""
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        return next((wrong for each in value if (wrong := not_plain(each)) is not None), None)
    plain = value is None or type(value) in (bool, int, float, str, bytes) or isinstance(value, Tensor)
    return None if plain else value
