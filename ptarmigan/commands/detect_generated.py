"""``ptarmigan detect-generated``: tell generated images from real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from ptarmigan.commands.options import parse, use_data_dir
from ptarmigan.core.errors import UsageError
from ptarmigan.media.show import show, show_json, show_styled, show_table


def detect_generated(args: list[str]) -> int:
    """``ptarmigan detect-generated --real A --fake B``."""

    def options(
        real: str,
        fake: str,
        size: str = "",
        n: int = 4_000,
        steps: int = 400,
        seed: int = 0,
        out: str = "detector.html",
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
        quiet: bool = False,
        data_dir: str = "",
    ) -> None:
        """Learn to tell generated images from real ones, and say with what error.

        By azimuthal spectra, and by a small network. Sizes and codecs are made equal first. A page with the
        spectra is written, and its figures as JSON.

        Args:
            real: real images: a name, a folder, an archive or a file.
            fake: generated images.
            size: HxW (or N for NxN): resize all, where sizes differ.
            n: images of each side, at most; half of them are learnt from.
            steps: of the network.
            seed: the random seed.
            out: the page.
            json_: print JSON.
            quiet: show no progress.
            data_dir: where named data sets already are.
        """
        from ptarmigan.security.forensics import detect_generated as detected
        from ptarmigan.security.forensics_page import HEAD, cells, remarks, write_page

        if steps < 1:
            raise UsageError(f"--steps {steps}: the network learns in one step or more")
        use_data_dir(data_dir)
        found = detected(real, fake, size=size, n=n, steps=steps, seed=seed, quiet=quiet or json_)
        write_page(found, Path(out))
        if json_:
            show_json(found.plain())
            return
        show_table(HEAD, [cells(each) for each in found.found])
        for said in remarks(found):
            show_styled(said, "yellow")
        show(f"page: {out}")

    parse(options, args, "detect-generated")
    return 0
