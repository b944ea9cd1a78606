"""What a trained run gives away about those it was trained on: attacks by an outsider, and a control."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.core.errors import one_line
from ptarmigan.data.permutation import Indices, permute
from ptarmigan.data.samples import Source
from ptarmigan.data.space import Space
from ptarmigan.media.progress import status
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.features import chunks
from ptarmigan.modalities.registry import modality_of
from ptarmigan.security.attributes import Inference, infer
from ptarmigan.security.membership import Vectors, attacks, by_discriminator, tensor_of
from ptarmigan.security.rates import RATES, Rate, Scores, auroc, detected, sets_told
from ptarmigan.trained import Trained, load, rebuild
from ptarmigan.trained.choose import game_with_discriminator
from ptarmigan.trained.generator import Generator
from ptarmigan.training.run import Run

FEWEST = 20
"""Samples of each set, at least."""
SET = 100
"""Samples of a set attack, at most."""
NAMED = 5
SURE = 0.05
"""The probability of a verdict against a run that gives nothing away, over all attacks together."""


@dataclass(frozen=True)
class Attack:
    """What an attack finds.

    Attributes:
        name: of the attack.
        auroc: the probability that a member scores higher than another; one half by luck.
        rates: the share of members that is found at each of ``RATES`` of others; None where others are few.
        sets: how often a set of members is told from one of others.
        control: ``auroc`` of one half of the others against the other half, neither of which was trained on.
        curve: ``(false positives, true positives)`` of all thresholds.
    """

    name: str
    auroc: Estimate
    rates: tuple[Rate | None, ...]
    sets: float
    control: Estimate
    curve: tuple[Scores, Scores]


@dataclass(frozen=True)
class Audit:
    """What was found of a run.

    Attributes:
        run: its folder.
        members: how many samples that were trained on.
        others: how many that were not.
        trained_on: which share of the members is in the run's data, as they are now.
        generated: samples by whose distance was guessed.
        set_size: samples in a set of the set attack.
        attacks: what each finds.
        attributes: of tables, what is guessed of each column; empty elsewhere.
        gives_away: an attack tells members from others beyond luck.
        epsilon: ε of a run that was trained with differential privacy; else None.
        notes: what could not be done, or speaks against the figures.
    """

    run: str
    members: int
    others: int
    trained_on: float
    generated: int
    set_size: int
    attacks: tuple[Attack, ...]
    attributes: tuple[Inference, ...]
    gives_away: bool
    epsilon: float | None
    notes: tuple[str, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON has it, without the curves."""
        found = asdict(self)
        for each in found["attacks"]:
            del each["curve"]
            each["rates"] = dict(zip(map(str, RATES), each["rates"], strict=True))
        return found


@dataclass(frozen=True)
class Side:
    """Samples of one side: raw in the run's space, encoded, and their classes."""

    raw: NDArray[Any]
    x: Tensor
    labels: NDArray[np.int64] | None
    digests: list[bytes]
    rows: Indices


def audit(
    folder: Path,
    *,
    members: str = "",
    others: str = "",
    reference: str = "",
    drop_overlap: bool = False,
    n: int = 2_000,
    generated: int = 10_000,
    seed: int = 0,
    device: str = "auto",
    quiet: bool = True,
) -> tuple[Audit, Run, Trained]:
    """Attack a run.

    Args:
        folder: of the run.
        members: samples that it was trained on; its training data when empty.
        others: samples of the same kind that it was not trained on; its held-out ones when empty.
        reference: the folder of another run of the same kind, trained on none of both.
        drop_overlap: leave others out that are members too, instead of refusing.
        n: samples of each side, at most.
        generated: samples of the run, by whose distance is guessed.
        seed: of which samples are taken, and of the generated ones.
        device: of the networks.
        quiet: show no progress.

    Returns:
        What was found, and the run, for its page.

    Raises:
        ValueError: the sets overlap or are too small, the run generates nothing, or data do not fit it.
        FileNotFoundError: data are missing.
    """
    trained, run = load(folder, device=device), rebuild(folder)
    if not isinstance(trained, Generator):
        raise ValueError(f"{folder} generates no samples of its own: there is nothing to audit")
    if generated < FEWEST or n < FEWEST:
        raise ValueError(f"an audit takes {FEWEST} samples of a kind, at least (--n, --generated)")
    with status(shown=not quiet) as notify:
        notify("reading members and others")
        inside = side(trained, members, run.samples.source, n, seed, "members")
        outside = side(trained, others, other_source(run, others), n, seed, "others")
        known = among(run.samples.source, trained.space, {*inside.digests, *outside.digests})
        outside, notes = apart(inside, outside, known, drop_overlap)
        for name, some in (("members", inside), ("others", outside)):
            if len(some.raw) < FEWEST:
                raise ValueError(f"there are {len(some.raw)} {name}: an audit needs {FEWEST} (--{name})")
        notify(f"{generated:,} generated samples")
        made = trained.sample(generated, seed=seed)
        beside = None if not reference else vectors_of_run(Path(reference), trained, generated, seed, device)
        notify("attacks")
        scores, note = discriminated(folder, run, trained, inside, outside)
        both = np.concatenate([embedded(trained.space, each.x) for each in (inside, outside)])
        found = attacks(both, embedded(trained.space, trained.space.encode(made)), beside, scores)
        judged = tuple(judge(name, one, len(inside.raw), seed) for name, one in found.items())
        inferred = attributes(trained.space, inside.raw, outside.raw, made)
    share = float(np.mean([digest in known for digest in inside.digests]))
    notes += [note] * bool(note) + doubts(judged, share)
    epsilon = trained.description.get("epsilon")
    return (
        Audit(
            str(folder), len(inside.raw), len(outside.raw), share, generated,
            set_size(len(inside.raw), len(outside.raw)), judged, tuple(inferred), beyond_luck(judged),
            float(epsilon) if isinstance(epsilon, int | float) else None, tuple(notes),
        ),
        run,
        trained,
    )  # fmt: skip


def other_source(run: Run, named: str) -> Source:
    """The held-out samples of a run.

    Raises:
        ValueError: it has none, and no others are named.
    """
    if not named and run.samples.held_out is run.samples.source:
        raise ValueError("this run has no held-out samples: name some that it was not trained on (--others)")
    return run.samples.held_out


def side(trained: Trained, named: str, default: Source, n: int, seed: int, what: str) -> Side:
    """At most ``n`` samples of a source, at random."""
    source, space = default, trained.space
    if named:
        opened = trained.open(named)
        source, space = opened.source, opened.space
    rows = permute(np.arange(min(n, len(source))), len(source), seed, "audit", what)
    raw = source.read(rows)
    raw = trained.space.adopted(raw, space) if named else raw
    x = trained.space.encode(raw)
    labels = None if source.labels is None else source.labels[rows]
    return Side(raw, x, labels, digests(x), rows)


def digests(x: Tensor) -> list[bytes]:
    """What equal encoded samples have in common."""
    return [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in x.cpu().contiguous().numpy()]


def among(source: Source, space: Space, wanted: set[bytes]) -> set[bytes]:
    """Which of some samples are in a source."""
    found = set[bytes]()
    for raw in chunks(source, np.arange(len(source))):
        found |= wanted.intersection(digests(space.encode(raw)))
    return found


def apart(inside: Side, outside: Side, known: set[bytes], drop: bool) -> tuple[Side, list[str]]:
    """The others that are no members, and what is to be said of those that are.

    Raises:
        ValueError: some are, and are not to be left out.
    """
    taken = {*inside.digests, *known}
    same = np.array([digest in taken for digest in outside.digests])
    if not same.any():
        return outside, []
    numbers = np.sort(outside.rows[same])
    named = ", ".join(str(row) for row in numbers[:NAMED]) + (" …" if len(numbers) > NAMED else "")
    said = f"{len(numbers):,} of {len(same):,} others are members too, or were trained on (others {named})"
    if not drop:
        raise ValueError(f"{said}: name others, or leave them out with --drop-overlap")
    keep = ~same
    labels = None if outside.labels is None else outside.labels[keep]
    left = [digest for digest, kept in zip(outside.digests, keep, strict=True) if kept]
    rest = Side(outside.raw[keep], outside.x[torch.from_numpy(keep)], labels, left, outside.rows[keep])
    return rest, [f"{said}: left out"]


def vectors_of_run(folder: Path, trained: Generator, n: int, seed: int, device: str) -> Vectors:
    """Embedded samples of a reference run, in the space of the run that is audited.

    Raises:
        ValueError: it generates nothing, or samples of another form.
    """
    reference = load(folder, device=device)
    if not isinstance(reference, Generator):
        raise ValueError(f"{folder} generates no samples of its own: it is no reference")
    raw = trained.space.adopted(reference.sample(n, seed=seed), reference.space)
    return embedded(trained.space, trained.space.encode(raw))


def discriminated(
    folder: Path, run: Run, trained: Generator, inside: Side, outside: Side
) -> tuple[Scores | None, str]:
    """The discriminator's scores of members and others, and why there are none."""
    try:
        game = game_with_discriminator(run.game, folder, trained)
    except ValueError as error:
        return None, f"not attacked by a discriminator: {one_line(error).rpartition(':')[0]}"
    several = [each.labels for each in (inside, outside) if each.labels is not None]
    labels = np.concatenate(several) if len(several) == 2 else None
    scores = by_discriminator(game, torch.cat([inside.x, outside.x]).float(), tensor_of(labels))
    return (
        scores,
        "" if scores is not None else "not attacked by a discriminator: it scores no single samples",
    )


def embedded(space: Space, x: Tensor) -> Vectors:
    """The embedding of encoded samples, a few at a time."""
    return np.concatenate([space.embed(some.float()) for some in x.split(1_024)])


def judge(name: str, scores: Scores, members: int, seed: int) -> Attack:
    """What the scores of an attack say.

    Args:
        name: of the attack.
        scores: of the members, then of the others, which are in no order.
        members: how many there are.
        seed: of the resamplings.
    """
    inside, outside = scores[:members], scores[members:]
    half = len(outside) // 2
    thresholds = np.unique(scores)[::-1]
    curve = tuple(1 - np.searchsorted(np.sort(side), thresholds) / len(side) for side in (outside, inside))
    return Attack(
        name,
        auroc(inside, outside),
        tuple(detected(inside, outside, rate, seed) for rate in RATES),
        sets_told(inside, outside, set_size(len(inside), len(outside)), seed),
        auroc(outside[:half], outside[half:]),
        (curve[0], curve[1]),
    )


def set_size(*sides: int) -> int:
    """Samples in a set: a tenth of the smaller side, so that sets differ."""
    return max(1, min(SET, min(sides) // 10))


def beyond(found: Estimate) -> float:
    """The probability that luck alone gives as much above one half."""
    if found.error == 0:
        return 0.0 if found.value > 0.5 else 1.0
    return 1 - NormalDist().cdf((found.value - 0.5) / found.error)


def beyond_luck(attacks: tuple[Attack, ...]) -> bool:
    """Whether an attack tells members, also when it is minded that several were tried (Bonferroni)."""
    return min(beyond(each.auroc) for each in attacks) * len(attacks) < SURE


def doubts(attacks: tuple[Attack, ...], share: float) -> list[str]:
    """What speaks against the figures."""
    said = []
    if share < 1:
        said.append(f"only {share:.1%} of the members are in the run's training data as they are now")
    for each in attacks:
        if abs(each.control.value - 0.5) > 3 * each.control.error:
            said.append(f"the control of {each.name!r} is not at one half: others are in some order")
    return said


def attributes(space: Space, *raw: NDArray[Any]) -> list[Inference]:
    """What is guessed of each column, where samples are rows of a table."""
    if modality_of(space).name != "table":
        return []
    return infer(*(space.frame(some) for some in raw))
