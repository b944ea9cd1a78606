"""``detector.html``: spectra, and how well detectors tell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ptarmigan.media.files import write_text
from ptarmigan.report.html import Child, figure, h, join, table
from ptarmigan.report.overlay import overlay, swatch
from ptarmigan.report.page import document
from ptarmigan.security.forensics import FALSE, Detection, Found

FALLEN = 3.0
"""Decibels less power at high frequencies that are a sign."""
HEAD = (
    "detector",
    "area under the curve",
    "average precision",
    "accuracy",
    "real called generated",
    "control",
)


def cells(found: Found) -> tuple[str, ...]:
    """The figures of a detector."""
    return (
        found.name,
        f"{found.auroc.value:.3f} ± {1.96 * found.auroc.error:.3f}",
        f"{found.precision:.3f}",
        f"{found.accuracy:.1%}",
        f"{found.false:.1%}",
        f"{found.control.value:.3f} ± {1.96 * found.control.error:.3f}",
    )


def remarks(found: Detection) -> list[str]:
    """What is to be said of the figures."""
    said = [
        f"{each.name}: real images that were saved once more are told from real ones (control "
        f"{each.control.value:.3f}): part of what it tells is how files were saved"
        for each in found.found
        if each.tells_codecs
    ]
    if abs(found.falls_off) >= FALLEN:
        more = "less" if found.falls_off > 0 else "more"
        sign = (
            "the generator's spectrum falls off" if found.falls_off > 0 else "the generator adds fine detail"
        )
        said.append(f"{sign}: {abs(found.falls_off):.1f} dB {more} power at high frequencies")
    return said


def write_page(found: Detection, place: Path) -> None:
    """Write the page, and the figures beside it as JSON."""
    curves = [
        (tone, np.stack([np.arange(len(line)), line * 10 / np.log(10)], 1).tolist())
        for tone, line in enumerate(found.spectra)
    ]
    rows: list[tuple[Child, ...]] = [cells(each) for each in found.found]
    body = join(
        h("h1", "Real or generated"),
        h("p", f"{found.real:,} real and {found.fake:,} generated {found.words}.", class_="lede"),
        [h("p", said, class_="soft") for said in remarks(found)],
        h("h2", "How well they are told"),
        table(rows, HEAD, "scores"),
        h(
            "p",
            f"On images not learnt from, at the threshold above which {FALSE:.0%} of other real images "
            "are. Control: real images saved once more against real ones, which has to be 0.5.",
            class_="soft",
        ),
        h("h2", "Spectra"),
        figure(
            overlay("power", curves),
            join(swatch(0), "real ", swatch(1), "generated: decibels of power by frequency, averaged over "
                 "directions, up to half of the smaller side."),
        ),
        h("footer", "Written by ptarmigan."),
    )  # fmt: skip
    write_text(place, document("Real or generated", body))
    write_text(place.with_suffix(".json"), json.dumps(found.plain(), indent=1) + "\n")
