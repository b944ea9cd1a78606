"""The contract of recipes, one clause a function; ``ptarmigan check mine.py`` runs it.

A recipe is tested with its options ``small``, in float64, in about a second.
"""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan import zoo
from ptarmigan.core import noise
from ptarmigan.core.game import Game, Terms
from ptarmigan.doctor.hooks import train_with_diagnosis
from ptarmigan.tasks.choice import task_of
from ptarmigan.training import run_folder as folder
from ptarmigan.training.checkpoint import read
from ptarmigan.training.distributed import Ranks, join, wait
from ptarmigan.training.draw import Draw
from ptarmigan.training.options import build, defaults, is_group, plain
from ptarmigan.training.rules import Rule, descend, due, extragradient, parameters, simultaneous
from ptarmigan.training.run import Run
from ptarmigan.training.settings import Settings

STEPS = 3
RELATIVE, ABSOLUTE = 1e-5, 1e-7


class Broken(AssertionError):
    """A clause is violated."""


def clauses(name: str) -> Iterator[tuple[str, str | None]]:
    """Every clause, with what is wrong or None."""
    for clause in CLAUSES:
        words = (clause.__doc__ or "").strip().rstrip(".")
        try:
            with float64():
                clause(name)
        except Broken as broken:
            yield words, str(broken)
        except Exception as error:
            yield words, f"{type(error).__name__}: {error}"
        else:
            yield words, None


def options_are_plain(name: str) -> None:
    """Options are plain and typed, with defaults."""
    recipe = zoo.recipe(name)
    hints = typing.get_type_hints(recipe)
    for parameter in inspect.signature(recipe).parameters.values():
        if parameter.default is parameter.empty:
            raise Broken(f"{parameter.name} has no default")
        if parameter.name not in hints:
            raise Broken(f"{parameter.name} has no type")
    for option, value in defaults(recipe).items():
        if plain(value) != (list(value) if isinstance(value, tuple) else value):
            raise Broken(f"the default of {option} is not a number, a string or a tuple of these")
    small = vars(zoo.module(name)).get("small")
    if not isinstance(small, dict) or not small.keys() <= defaults(recipe).keys():
        raise Broken("the file does not end with small = dict(...) of its options")


def documented(name: str) -> None:
    """The docstring names the paper, a command, the file of cost and score, and every option."""
    words = zoo.module(name).__doc__ or ""
    if not re.search(r"(19|20)\d\d", words):
        raise Broken("it cites no paper with its year")
    if "ptarmigan train" not in words:
        raise Broken("it shows no 'ptarmigan train' command")
    if "benchmarks/results/" not in words and zoo.module(name).__name__.startswith("ptarmigan.zoo."):
        raise Broken("it does not name the file in benchmarks/results/ that holds its cost and score")
    recipe = zoo.recipe(name)
    described = inspect.getdoc(recipe) or ""
    for parameter in inspect.signature(recipe).parameters.values():
        known = is_group(parameter.default) or re.search(rf"^ +{parameter.name}:", described, re.MULTILINE)
        if not known:
            raise Broken(f"the docstring of the function does not describe {parameter.name}")


def players_have_optimizers(name: str) -> None:
    """Every player has an optimizer, and every optimizer a player."""
    run = small_run(name)
    players = {player for turn in run.game.turns() for player in turn.players}
    if players != run.optimizers.keys():
        raise Broken(f"players are {sorted(players)}, optimizers {sorted(run.optimizers)}")


def only_players_change(name: str) -> None:
    """A turn updates its players only, and its terms are finite."""
    run = small_run(name)
    draw = Draw(run.samples, seed=run.seed)
    for step in range(STEPS):
        run.advance(step / STEPS)
        for turn in due(run.game, step):
            before = [p.detach().clone() for p in run.game.parameters()]
            terms = descend(run.game, run.optimizers, turn, draw)
            finite(terms)
            for player in turn.players:
                run.optimizers[player].step()
            held = {id(p) for player in turn.players for p in parameters(run.optimizers[player])}
            for (label, p), old in zip(run.game.named_parameters(), before, strict=True):
                if id(p) not in held and not torch.equal(p, old):
                    raise Broken(f"{label} changed on the turn of {', '.join(turn.players)}")
            if all(torch.equal(p, old) for p, old in zip(run.game.parameters(), before, strict=True)):
                raise Broken(f"nothing changed on the turn of {', '.join(turn.players)}")
    run.samples.close()


def other_rules_train(name: str) -> None:
    """It can be trained by the other rules."""
    for rule in (simultaneous, extragradient):
        finite(train_steps(small_run(name), rule=rule))


def samples_decode(name: str) -> None:
    """Samples decode into the space, and networks rebuilt without the data generate the same."""
    run = small_run(name)
    train_steps(run)
    run.game.eval()
    raw = generate_few(run, run.game)
    real = run.samples.source.read(np.arange(5))
    if raw.shape != real.shape or raw.dtype != real.dtype:
        raise Broken(f"samples are {raw.dtype}{raw.shape}, the data {real.dtype}{real.shape}")
    if not np.isfinite(raw).all():
        raise Broken("samples are not finite")
    again = build(zoo.recipe(name), small(name) | {"data": run.samples.blank}).game
    again.load_state_dict(run.game.state_dict())
    if not np.array_equal(raw, generate_few(run, again.eval())):
        raise Broken("rebuilt from its options and weights it generates other samples")


def generate_few(run: Run, game: Game) -> NDArray[Any]:
    """A few raw samples, or translations of a few inputs."""
    return task_of(game, run.samples).some(game, 5)


def resumes_exactly(name: str) -> None:
    """A resumed run equals an uninterrupted one, bit for bit, also without pictures of samples."""
    settings = Settings(
        device="cpu", precision="fp32", log_every=1, score_every=0, sample_every=3, save_every=1, keep=9
    )
    with tempfile.TemporaryDirectory() as place:
        whole, killed = Path(place, "whole"), Path(place, "killed")
        folder.claim(whole, {"recipe": name, "options": {}, "settings": {}})
        train_with_diagnosis(small_run(name), whole, settings, quiet=True)
        last = max(whole.glob("state-*.pt"))
        shutil.copytree(whole, killed)
        for path in killed.glob("state-*"):
            if int(path.stem.removeprefix("state-")) > 1:
                path.unlink()
        train_with_diagnosis(small_run(name), killed, replace(settings, sample_every=0), quiet=True)
        different = differences(read(last), read(killed / last.name))
        if different:
            raise Broken(f"after a resume {different[0]} differs")
        if (whole / "log.jsonl").read_bytes() != (killed / "log.jsonl").read_bytes():
            raise Broken("after a resume the log differs")


def two_ranks_are_two_shards(name: str) -> None:
    """Two ranks end in the weights of one process that accumulates over the same two shards."""
    wrong = failures_on_two_ranks([name])
    if wrong:
        raise Broken(wrong[name])


def failures_on_two_ranks(names: list[str]) -> dict[str, str]:
    """The recipes that violate that clause, and how; the two processes start once for all of them."""
    with tempfile.TemporaryDirectory() as place:
        together = in_two_processes(names, Path(place))
    wrong = {}
    for name in names:
        alone = small_run(name)
        train_steps(alone, accumulate=2)
        try:
            compare(dict(alone.game.named_parameters()), together[name], "on two ranks")
        except Broken as broken:
            wrong[name] = str(broken)
    return wrong


CLAUSES: tuple[Callable[[str], None], ...] = (
    options_are_plain,
    documented,
    players_have_optimizers,
    only_players_change,
    other_rules_train,
    samples_decode,
    resumes_exactly,
    two_ranks_are_two_shards,
)


def small(name: str) -> dict[str, Any]:
    """The options with which a recipe is tested."""
    return dict(zoo.module(name).small)


def small_run(name: str) -> Run:
    """The recipe with its small options."""
    with noise.isolated():
        noise.seed_torch(0)
        return build(zoo.recipe(name), small(name))


def train_steps(
    run: Run, *, steps: int = STEPS, accumulate: int = 1, ranks: Ranks | None = None, rule: Rule | None = None
) -> Terms:
    """Train a few steps without a folder; the last step's terms."""
    draw = Draw(run.samples, seed=run.seed, accumulate=accumulate, ranks=ranks)
    terms: Terms = {}
    for step in range(steps):
        run.advance(step / steps)
        terms = (rule or run.rule)(run.game, run.optimizers, draw, step)
    run.samples.close()
    return terms


def in_two_processes(names: list[str], place: Path) -> dict[str, dict[str, Tensor]]:
    """The weights of every recipe after a few steps on two real ranks."""
    file = place / "rendezvous"
    environment = os.environ | {"WORLD_SIZE": "2", "OMP_NUM_THREADS": "1", "PTARMIGAN_RENDEZVOUS": str(file)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "ptarmigan.contract.recipes", str(place), *names],
            env=environment | {"RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    ended = [(process, process.communicate()[1]) for process in processes]
    for rank, (process, said) in enumerate(ended):
        if process.returncode and not done(place, rank).exists():
            raise Broken(said.strip().splitlines()[-1] if said.strip() else "a rank died")
    return {name: torch.load(place / f"{i}.pt", weights_only=True) for i, name in enumerate(names)}


def as_one_rank(place: Path, names: list[str]) -> None:
    """What each of the two processes does."""
    import torch.distributed as dist

    torch.set_num_threads(1)
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    dist.init_process_group(
        "gloo", init_method=f"file://{os.environ['PTARMIGAN_RENDEZVOUS']}", rank=rank, world_size=size
    )
    ranks = join(noise.CPU)
    with float64():
        for i, name in enumerate(names):
            run = small_run(name)
            try:
                train_steps(run, ranks=ranks)
            except Exception as error:
                raise Broken(f"{name}: {type(error).__name__}: {error}") from error
            if ranks.first:
                torch.save({k: p.detach() for k, p in run.game.named_parameters()}, place / f"{i}.pt")
    wait()  # a rank that leaves before the rest may abort (gloo)
    done(place, rank).touch()  # and one that leaves after it too, once in some hundred times
    dist.destroy_process_group()


def done(place: Path, rank: int) -> Path:
    """The file that says that a rank has finished."""
    return place / f"rank-{rank}.done"


def compare(expected: dict[str, Tensor], found: dict[str, Tensor], where: str) -> None:
    """Check that weights are equal up to rounding.

    Raises:
        Broken: they are not.
    """
    for label, p in expected.items():
        old, new = p.detach(), found[label].detach()
        if not torch.allclose(old, new, RELATIVE, ABSOLUTE):
            apart = float((old - new).abs().max())
            raise Broken(f"{where} {label} differs (by {apart:.2g})")


def differences(a: Any, b: Any, path: str = "the state") -> list[str]:
    """The paths at which two states differ in any bit; the clock does not count."""
    if path.endswith("seconds"):
        return []
    if isinstance(a, dict) and isinstance(b, dict):
        if a.keys() != b.keys():
            return [path]
        return [d for key in a for d in differences(a[key], b[key], f"{path}.{key}")]
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        if len(a) != len(b):
            return [path]
        return [d for i in range(len(a)) for d in differences(a[i], b[i], f"{path}.{i}")]
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return [] if a.dtype == b.dtype and torch.equal(a, b) else [path]
    return [] if a == b else [path]


def finite(terms: Terms) -> None:
    """Check that every term is finite.

    Raises:
        Broken: one is not.
    """
    for label, term in terms.items():
        if not torch.isfinite(term).all():
            raise Broken(f"the term {label!r} is not finite")
    if "skipped" in terms and float(terms["skipped"]):
        raise Broken("a gradient is not finite")


@contextmanager
def float64() -> Iterator[None]:
    """A context in which new tensors are float64."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


if __name__ == "__main__":
    as_one_rank(Path(sys.argv[1]), sys.argv[2:])
