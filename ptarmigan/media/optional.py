"""Optional packages, of ptarmigan's extras."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any


class MissingPackageError(ImportError, ValueError):
    """A package of one of the extras is not installed; the message says how to get it."""


def is_installed(module: str) -> bool:
    """Whether a module can be imported, such as ``pyarrow``."""
    return importlib.util.find_spec(module) is not None


def needs(module: str, *, extra: str, why: str) -> Any:
    """Import a module of an optional package.

    Args:
        module: its name, such as ``pandas``.
        extra: the extra of ptarmigan that has it.
        why: the beginning of the error message: "tables need pandas".

    Raises:
        MissingPackageError: it is not installed: "tables need pandas: pip install 'ptarmigan[table]'".
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingPackageError(f"{why}: pip install 'ptarmigan[{extra}]'") from None
