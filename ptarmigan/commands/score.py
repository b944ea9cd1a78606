"""``ptarmigan score``: evaluate a run, or any samples."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import tyro

from ptarmigan.commands.options import parse, use_data_dir, use_recipe
from ptarmigan.core.errors import UsageError
from ptarmigan.data.reading import Reading, reading_of
from ptarmigan.media.console import say
from ptarmigan.media.show import show_json, show_styled, show_table


def score(args: list[str]) -> int:
    """``ptarmigan score RUN`` or ``ptarmigan score --real A --fake B``."""

    def options(
        run: tyro.conf.Positional[str] = "",
        real: str = "",
        fake: str = "",
        metrics: tuple[str, ...] = (),
        features: str = "auto",
        weights: str = "",
        kind: str = "",
        size: str = "",
        crop: bool = False,
        length: int = 0,
        id: str = "",
        time: str = "",
        metadata: tuple[str, ...] = (),
        held_out: str = "",
        target: str = "",
        n: int | None = None,
        seed: int = 0,
        best: bool = False,
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
        quiet: bool = False,
        data_dir: str = "",
        device: str = "auto",
        recipe: str = "",
        reading: Reading = Reading(),
    ) -> None:
        """Score the samples of a trained run, or any samples, against real ones.

        Args:
            run: a run's folder; its samples are compared with held-out real ones, where there are any.
            real: without a run, the real samples: a name, a folder, an archive or a file.
            fake: without a run, the samples to score.
            metrics: which measures: frechet kid precision density sliced vendi ms-ssim classes agreement
                inception-score two-sample mmd authenticity copies modes stacks, of a run path, or all; of
                series discriminative predictive autocorrelation cross-correlation spectrum sliced; of tables
                shapes trends two-sample copies distance efficacy; of text frechet bleu self-bleu perplexity
                reverse-perplexity distinct copies, of its runs likelihood; the default ones when empty.
            features: the feature extractor: auto, classifier, selfsupervised, inception, dinov2, squeezenet,
                resnet20 or pixels.
            weights: a file of the extractor's weights, where they are not to be downloaded.
            kind: without a run, image, table, series, ..., where it is not clear from the data.
            size: without a run, resize all images to HxW first.
            crop: crop them to that shape instead of squeezing.
            length: without a run, both are series, and windows of this many steps are scored; none when 0.
            id: the column that says which series a row is of, where a file has it; series when empty.
            time: the column that orders the rows of a series, where a file has it.
            metadata: columns that are the same in all rows of a series, which are not scored.
            held_out: of tables and text, a file of held-out real samples, to compare with.
            target: of tables, a column of a few values, which classifiers trained on the samples are to
                predict.
            n: how many samples to score; 10,000 of a run, all of --fake.
            seed: the random seed of the samples of a run.
            best: a run's weights with the best score, not the last.
            json_: print JSON.
            quiet: show no progress.
            data_dir: where named data sets already are.
            device: where to make the samples.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
            reading: of tables and series, how text files are read.
        """
        from ptarmigan.evaluation.score import score as score_samples
        from ptarmigan.evaluation.score import score_run
        from ptarmigan.modalities.registry import modality

        use_data_dir(data_dir)
        how: dict[str, Any] = {"metrics": metrics, "features": features, "quiet": quiet or json_}
        how |= {"weights": weights or None, "held_out": held_out or None, "target": target}
        if run:
            if real or fake or kind or size or crop or length or reading_of(reading):
                raise UsageError(
                    "a run knows its own data and how they are read: leave --real, --fake, --kind, --size, "
                    "--crop, --length and options of text files out"
                )
            use_recipe(recipe, run)
            count = 10_000 if n is None else n
            found = score_run(Path(run), n=count, seed=seed, best=best, device=device, **how)
        elif real and fake:
            how |= {"length": length, "id": id, "time": time, "metadata": metadata, "kind": kind}
            how["reading"] = reading
            found = score_samples(real, fake, size=size, crop=crop, n=n, **how)
            if not (kind or length or json_):
                say(f"recognised as {modality(found['kind']).plural}")
        else:
            raise UsageError("name a run, or give --real and --fake samples")
        if json_:
            show_json(found)
        else:
            show_scores(found)

    parse(options, args, "score")
    return 0


def show_scores(found: dict[str, Any]) -> None:
    """Print scores, with those of real samples and of the baselines."""
    entries: dict[str, Any] = found["scores"]
    others = list(dict.fromkeys(name for entry in entries.values() for name in entry.get("baselines", {})))
    head = ("score", "these", "±", "real", *others, "better when")
    rows = [
        (
            name,
            format_number(entry["value"]),
            format_number(entry.get("error")),
            format_number(entry["floor"]),
            *(format_number(entry.get("baselines", {}).get(other)) for other in others),
            entry["direction"].removesuffix(" is better"),
        )
        for name, entry in entries.items()
    ]
    show_table(head, rows)
    for other in others:
        lost = [name for name, entry in entries.items() if other in entry.get("beaten by", ())]
        if lost:
            worst = f"{other[0].upper()}{other[1:]}"
            show_styled(f"{worst} would have scored better: {', '.join(lost)}", "yellow")
    for warning in found.get("warnings", ()):
        show_styled(warning, "yellow")
    for said in shared_protocols(entry["protocol"] for entry in entries.values()):
        show_styled(said, "dim")


def shared_protocols(protocols: Iterable[str]) -> list[str]:
    """The common part of the protocols of scores in the same features, for all features."""
    kinds: dict[str, list[list[str]]] = {}
    for protocol in protocols:
        parts = protocol.split("; ")
        kinds.setdefault(parts[0], []).append(parts)
    return ["; ".join(p for p in some[0] if all(p in other for other in some)) for some in kinds.values()]


def format_number(value: float | None) -> str:
    """A number of a table."""
    return "–" if value is None else f"{value:.4g}"
