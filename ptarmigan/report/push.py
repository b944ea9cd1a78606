"""A run, given to the Hugging Face Hub: weights, what they are, a card and a picture; no code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ptarmigan.core.errors import one_line
from ptarmigan.media.files import path_of
from ptarmigan.modalities.registry import from_json
from ptarmigan.report.card import card
from ptarmigan.report.record import read as read_record
from ptarmigan.report.scores import latest
from ptarmigan.trained.hub import FILE, Address, address_of, client, hub, refusal
from ptarmigan.trained.loading import read, weights_file
from ptarmigan.training.own import is_own
from ptarmigan.training.run_folder import BY_HAND, pretty
from ptarmigan.training.schema import Weights, check


def push(
    run: str | Path, repo: str, *, private: bool = False, revision: str = "", license: str = ""
) -> Address:
    """Push a run to ``user/name`` on the Hub, made where there is none; returns the commit's address.

    Args:
        run: the run's folder.
        repo: ``user/name``; with ``@branch`` as a ``revision``.
        private: a repository that is made is for its owner alone.
        revision: a branch; the main one when empty.
        license: of the weights, as the Hub spells it: ``cc-by-4.0``.

    Raises:
        MissingPackageError: huggingface_hub is not installed.
        ValueError: there is no run that has ended, nobody could load it, or the Hub refuses.
    """
    wanted = address_of(repo)
    branch, folder = revision or wanted.revision, path_of(run)
    contents = contents_of(folder, wanted.repo, license)
    package, api = hub(), client()
    try:
        api.create_repo(wanted.repo, private=private, exist_ok=True)
        if branch:
            api.create_branch(wanted.repo, branch=branch, exist_ok=True)
        done = api.create_commit(
            wanted.repo,
            [package.CommitOperationAdd(name, content) for name, content in contents.items()],
            commit_message="A run of ptarmigan",
            revision=branch or None,
        )
    except package.errors.LocalTokenNotFoundError as error:
        raise ValueError("the Hub does not know you: 'hf auth login', or set HF_TOKEN") from error
    except (package.errors.HfHubHTTPError, package.errors.HFValidationError) as error:
        raise ValueError(refusal(wanted, error)) from error
    except (package.errors.HTTPError, OSError, ValueError) as error:
        raise ValueError(f"{wanted} cannot be reached ({one_line(error)}): nothing was pushed") from error
    return Address(wanted.repo, str(done.oid))


def contents_of(folder: Path, repo: str, license: str = "") -> dict[str, str | bytes]:
    """The files of a run that are pushed, by name: places of files, or what they hold.

    Raises:
        ValueError: there is no run that has ended, or nobody could load it.
    """
    weights = weights_file(folder)
    if not weights.is_file():
        raise ValueError(f"{folder} has no {FILE}: push the folder of a run that has ended")
    description, _ = read(weights)
    check(Weights, description, f"{weights} was not written by ptarmigan")
    if description["recipe"] == BY_HAND:
        raise ValueError(
            f"{folder} was put together in Python of networks that no recipe makes: nobody could load it"
        )
    record = read_record(folder)
    config = {"library_name": "ptarmigan", **description}
    picture = [record.pictures[-1][1]] if record.pictures else []
    words = card(
        config,
        latest(record, None),
        repo,
        license=license,
        picture=bool(picture),
        own=is_own(description["recipe"]),
    )
    extra = {name: folder / name for name in companions(description) if (folder / name).is_file()}
    files: dict[str, Any] = {
        FILE: weights,
        **dict.fromkeys(["samples.png"][: len(picture)], *picture),
        **extra,
    }
    return {
        "README.md": words.encode(),
        "config.json": pretty(config),
        **{name: str(place) for name, place in files.items()},
    }


def companions(description: dict[str, Any]) -> list[str]:
    """The names of files of JSON that stand beside the weights, such as a tokenizer's."""
    return [name for name in from_json(description["space"]).companions() if name.endswith(".json")]
