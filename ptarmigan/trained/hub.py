"""Trained runs on the Hugging Face Hub: weights alone are fetched, by commit, and checked."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptarmigan.core.errors import one_line
from ptarmigan.core.memory import amount
from ptarmigan.media.console import say
from ptarmigan.media.foreign import read_bytes
from ptarmigan.media.optional import needs

SCHEME = "hf://"
NAME = r"[A-Za-z0-9][\w.-]{0,95}"
ADDRESS = re.compile(rf"(?:hf://)?(?P<repo>{NAME}/{NAME})(?:@(?P<revision>[\w.][\w./-]{{0,199}}))?", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}")
FILE = "generator.safetensors"
MOST = 4 << 30
"""Bytes of a weights file that is fetched, at most."""


@dataclass(frozen=True)
class Address:
    """A run on the Hub.

    Attributes:
        repo: ``user/name``.
        revision: a commit, a tag or a branch; the main branch when empty.
    """

    repo: str
    revision: str = ""

    def __str__(self) -> str:
        return f"{SCHEME}{self.repo}" + (f"@{self.revision}" if self.revision else "")


def address_of(words: str) -> Address:
    """An address from ``hf://user/name@revision``, or without ``hf://``.

    Raises:
        ValueError: it is none.
    """
    found = ADDRESS.fullmatch(words)
    if found is None or ".." in words:
        raise ValueError(
            f"{words} is no place on the Hub: expected hf://user/name or hf://user/name@revision"
        )
    return Address(found["repo"], found["revision"] or "")


def hub() -> Any:
    """The package ``huggingface_hub``.

    Raises:
        MissingPackageError: it is not installed.
    """
    return needs("huggingface_hub", extra="hub", why="the Hugging Face Hub needs huggingface_hub")


def client() -> Any:
    """What asks the Hub, or the mirror in ``HF_ENDPOINT``."""
    return hub().HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="ptarmigan")


def fetch(words: str) -> Path:
    """The weights file of ``hf://user/name@revision``, from the Hub or from its cache.

    One that is pinned by a commit is not asked for again. Where the Hub cannot be reached, what was fetched
    before is used, and that is said.

    Raises:
        MissingPackageError: huggingface_hub is not installed.
        ValueError: there is no such run or revision, the Hub cannot be reached and nothing was kept, or the
            file is too large, cut short or another one than was promised.
    """
    asked, api = address_of(words), client()
    if COMMIT.fullmatch(asked.revision) and (kept := cached(api, asked)):
        return kept
    errors = hub().errors
    try:
        info = api.model_info(asked.repo, revision=asked.revision or None, files_metadata=True)
    except (errors.HfHubHTTPError, errors.HFValidationError) as error:
        raise ValueError(refusal(asked, error)) from error
    except (errors.HTTPError, OSError) as error:
        kept = cached(api, asked)
        if kept is None:
            raise ValueError(
                f"{asked} cannot be reached ({one_line(error)}), and was not fetched before"
            ) from error
        say(f"the Hub cannot be reached: {Address(asked.repo, kept.parent.name)} is used, as fetched before")
        return kept
    check_offered(asked, info.siblings or [])
    path = download(api, asked)
    pinned = Address(asked.repo, path.parent.name)
    if asked.revision != pinned.revision:
        say(f"{asked} is {pinned}")
    return path


def check_offered(asked: Address, files: list[Any]) -> None:
    """See that there is a weights file, and that it is not too large.

    Raises:
        ValueError: there is none, or it is.
    """
    size = next((file.size for file in files if file.rfilename == FILE), None)
    if size is None:
        raise ValueError(f"{asked} has no {FILE}: it is no run of ptarmigan")
    if size > MOST:
        raise ValueError(
            f"{asked}: its {FILE} has {amount(size)}, and no more than {amount(MOST)} are fetched"
        )


def download(api: Any, asked: Address) -> Path:
    """The weights file, in the folder of its commit in the cache, where it is found again without a network.

    Raises:
        ValueError: it did not arrive whole, or cannot be kept.
    """
    errors = hub().errors
    try:
        path = Path(api.hf_hub_download(asked.repo, FILE, revision=asked.revision or None, cache_dir=cache()))
    except (errors.HTTPError, errors.EntryNotFoundError) as error:
        raise ValueError(f"{asked} could not be fetched ({one_line(error)})") from error
    except OSError as error:
        if error.errno is None:  # the library's, of a file that is shorter or longer than was said
            raise ValueError(f"{asked}: {FILE} did not arrive whole: try again") from error
        hint = "its cache is chosen by HF_HOME"
        raise ValueError(f"{asked} could not be kept ({one_line(error)}): {hint}") from error
    check_digest(path, asked)
    return path


def cached(api: Any, asked: Address) -> Path | None:
    """The weights file where it was fetched before; else None.

    Raises:
        ValueError: what was kept is damaged; it is removed.
    """
    try:
        got = api.hf_hub_download(
            asked.repo, FILE, revision=asked.revision or None, cache_dir=cache(), local_files_only=True
        )
    except hub().errors.EntryNotFoundError:
        return None
    check_digest(Path(got), asked)
    return Path(got)


def cache() -> str | None:
    """The folder that ``HF_HUB_CACHE`` names; the library's own when None."""
    return os.environ.get("HF_HUB_CACHE")


def check_digest(path: Path, where: Address) -> None:
    """Hold a file in the cache against its digest, which is the name of what its link leads to.

    That is a SHA-256, or for small files git's SHA-1. A file that is another one is removed.

    Raises:
        ValueError: it is.
    """
    stored = path.resolve()
    digest = stored.name
    data = read_bytes(stored, MOST)
    if len(digest) == 64:
        found = hashlib.sha256(data).hexdigest()
    elif len(digest) == 40:
        found = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    else:
        return  # a mirror's own, or a system without links
    if found != digest:
        path.unlink(missing_ok=True)
        stored.unlink(missing_ok=True)
        raise ValueError(
            f"{where}: what came as {FILE} is damaged (its digest differs), and was removed: try again"
        )


def refusal(asked: Address, error: Exception) -> str:
    """Why the Hub refused, in one line."""
    errors = hub().errors
    if isinstance(error, errors.RevisionNotFoundError):
        return f"{SCHEME}{asked.repo} has no revision {asked.revision!r}"
    if isinstance(error, errors.GatedRepoError):
        return f"{asked} asks for its terms to be accepted on the Hub, and for 'hf auth login'"
    if isinstance(error, errors.RepositoryNotFoundError):
        return (
            f"there is no {SCHEME}{asked.repo}, or it is private: log in by 'hf auth login', or set HF_TOKEN"
        )
    return f"the Hub refused {asked} ({one_line(error)})"
