"""``ptarmigan audit``: what a run gives away about those it was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from ptarmigan.commands.options import parse, use_data_dir, use_recipe
from ptarmigan.media.show import show, show_json, show_styled, show_table


def audit(args: list[str]) -> int:
    """``ptarmigan audit RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        members: str = "",
        others: str = "",
        reference: str = "",
        drop_overlap: bool = False,
        n: int = 2_000,
        generated: int = 10_000,
        seed: int = 0,
        out: str = "",
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
        quiet: bool = False,
        data_dir: str = "",
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Audit a run: can an outsider tell who was trained on?

        Attacks are by the discriminator's score, by the nearest generated sample, and by how many generated
        samples are near; of tables, hidden cells are guessed as well. A page and its figures as JSON are
        written.

        Args:
            run: the run's folder.
            members: samples that it was trained on; its training data when empty.
            others: samples that it was not trained on; its held-out ones when empty.
            reference: the folder of a run of the same kind, trained on none of both: its samples say which
                samples are easy for anybody.
            drop_overlap: leave others out that are members too, instead of refusing.
            n: members, and others, at most.
            generated: samples of the run, by whose distance is guessed.
            seed: of which samples are taken, and of the generated ones.
            out: the page; audit.html in the run's folder when empty.
            json_: print JSON.
            quiet: show no progress.
            data_dir: where named data sets already are.
            device: where to compute.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.security.audit import audit as audited
        from ptarmigan.security.audit_page import estimated, percent, verdict, write_page

        use_data_dir(data_dir)
        use_recipe(recipe, run)
        found, rebuilt, trained = audited(
            Path(run),
            members=members,
            others=others,
            reference=reference,
            drop_overlap=drop_overlap,
            n=n,
            generated=generated,
            seed=seed,
            device=device,
            quiet=quiet or json_,
        )
        place = Path(out) if out else Path(run) / "audit.html"
        write_page(found, rebuilt, trained, place)
        if json_:
            show_json(found.plain())
            return
        rows = [(each.name, estimated(each), *map(percent, each.rates)) for each in found.attacks]
        show_table(("attack", "area under the curve", "found at 0.1 % false", "at 1 % false"), rows)
        show(verdict(found))
        for note in found.notes:
            show_styled(note, "yellow")
        show(f"page: {place}")

    parse(options, args, "audit")
    return 0
