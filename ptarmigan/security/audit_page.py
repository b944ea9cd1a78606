"""``audit.html``: for a person who has to decide whether a run is released."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ptarmigan.media.files import write_text
from ptarmigan.report import nearest
from ptarmigan.report.curves import HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, axes, path
from ptarmigan.report.html import Child, Markup, facts, figure, h, join, table
from ptarmigan.report.overlay import classes, swatch
from ptarmigan.report.page import document, guarded
from ptarmigan.security.audit import Attack, Audit
from ptarmigan.security.rates import RATES, Rate
from ptarmigan.trained import Trained
from ptarmigan.training.run import Run

FLOOR = 1e-3
BOTTOM = 24
LIMITS = (
    "These attacks are those of the literature, not all there are: that none succeeds is no proof. An "
    "attacker who knows more, such as other runs with the same options on like data, finds more. Samples are "
    "compared in the embedding of their kind; copies of a part of a sample are not looked for. Only training "
    "with differential privacy (table.dpgan) bounds what any attack can find."
)


def write_page(found: Audit, run: Run, trained: Trained, place: Path) -> None:
    """Write the page, and the figures beside it as JSON.

    Args:
        found: the audit.
        run: with its training data.
        trained: the run's networks.
        place: of the page; the JSON has the same name.
    """
    body = join(
        h("h1", f"Audit of {Path(found.run).name}"),
        h("p", verdict(found), class_="lede"),
        facts(
            {
                "members": f"{found.members:,}",
                "others": f"{found.others:,}",
                "generated samples": f"{found.generated:,}",
            }
        ),
        [h("p", note, class_="soft") for note in found.notes],
        membership(found),
        inferred(found),
        guarded("Nearest in the training data", lambda: nearest.section(run, trained)),
        h("h2", "What this does not say"),
        h("p", LIMITS),
        h("footer", "Written by ptarmigan."),
    )
    write_text(place, document(f"Audit of {Path(found.run).name}", body))
    write_text(place.with_suffix(".json"), json.dumps(found.plain(), indent=1) + "\n")


def verdict(found: Audit) -> str:
    """What was found, in a sentence or two."""
    best = max(found.attacks, key=lambda each: each.auroc.value)
    if not found.gives_away:
        said = (
            f"No attack tells members from others beyond luck (best: {best.name}, area under the curve "
            f"{estimated(best)}; one half is luck)."
        )
    else:
        said = (
            f"This run gives members away: {best.name} tells them with an area under the curve of "
            f"{estimated(best)}, where one half is luck, and {told(best.rates[-1])} at 1 % false positives."
        )
    if found.attributes and found.attributes[0].risk.interval[0] > 0:
        worst = found.attributes[0]
        said += (
            f" The column {worst.column!r} is guessed better of members ({worst.members:.1%}) than of others"
        )
        said += f" ({worst.others:.1%})."
    if found.epsilon is not None:
        most = min(1.0, float(np.exp(found.epsilon)) * RATES[-1])
        said += (
            f" It was trained with differential privacy, ε = {found.epsilon:.3g}: at 1 % false positives no "
        )
        said += f"attack finds more than {most:.1%} of members (and δ)."
    return said


def estimated(attack: Attack) -> str:
    """The area under the curve with its interval."""
    low, high = attack.auroc.interval
    return f"{attack.auroc.value:.3f} ({low:.3f} to {high:.3f})"


def told(rate: Rate | None) -> str:
    """A share of members."""
    return "too few others to say" if rate is None else f"{rate.value:.1%} of them are found"


def membership(found: Audit) -> Markup:
    """The attacks, and their curves."""
    rows: list[tuple[Child, ...]] = [
        (
            join(swatch(i), each.name),
            estimated(each),
            *(percent(rate) for rate in each.rates),
            f"{each.sets:.1%}",
            f"{each.control.value:.3f} ± {1.96 * each.control.error:.3f}",
        )
        for i, each in enumerate(found.attacks)
    ]
    head = ("attack", "area under the curve", *(f"found at {rate:.1%} false" for rate in RATES))
    return join(
        h("h2", "Was somebody trained on?"),
        table(rows, (*head, f"sets of {found.set_size} told", "control"), "scores"),
        h(
            "p",
            "By luck: an area of 0.5, as many members found as others (0.1 % and 1 %), half of the sets. "
            "The control is the area for one half of the others against the other half, which has to be 0.5.",
            class_="soft",
        ),
        figure(roc(found), "Members found (upright) at a share of others falsely found (across), both as "
               "logarithms; the straight line is luck."),
    )  # fmt: skip


def percent(rate: Rate | None) -> str:
    """A share with its interval."""
    return "too few others" if rate is None else f"{rate.value:.1%} ({rate.low:.1%} to {rate.high:.1%})"


def roc(found: Audit) -> Markup:
    """The curves of all attacks, in logarithms (arXiv 2112.03570)."""
    x = Axis(FLOOR, 1, LEFT, WIDTH - RIGHT, log=True)
    y = Axis(FLOOR, 1, HEIGHT - BOTTOM, TOP, log=True)
    lines = []
    for tone, each in enumerate(found.attacks):
        some = np.unique(np.linspace(0, len(each.curve[0]) - 1, 200).astype(int))
        points = [(x(max(FLOOR, each.curve[0][i])), y(max(FLOOR, each.curve[1][i]))) for i in some]
        lines.append(h("path", d=path(points), class_=classes(tone)))
    luck = h("path", d=path([(x(FLOOR), y(FLOOR)), (x(1), y(1))]), class_="grid")
    return h(
        "svg",
        h("title", "true positives by false positives"),
        axes(x, y),
        luck,
        lines,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        class_="curve",
        style="max-width: 36rem",
    )


def inferred(found: Audit) -> Markup | None:
    """What is guessed of the columns of a table."""
    if not found.attributes:
        return None
    rows: list[tuple[Child, ...]] = [
        (
            each.column,
            f"{each.members:.1%}",
            f"{each.others:.1%}",
            f"{each.risk.value:.3f} ± {1.96 * each.risk.error:.3f}",
        )
        for each in found.attributes
    ]
    return join(
        h("h2", "Does it give a cell away to who knows the others?"),
        table(rows, ("hidden column", "right of members", "right of others", "risk"), "scores"),
        h(
            "p",
            "The guess is the cell of the nearest generated row. What is right of others is what data say of "
            "anybody; the risk is what is right of members beyond it, and 0 is none.",
            class_="soft",
        ),
    )
