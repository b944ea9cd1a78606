"""What each command does: its options are a function's signature, read by tyro."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import tyro

from ptarmigan.errors import UsageError

T = TypeVar("T")
WIDE = 200
"""Characters of a table that goes into a file."""
BOX = "╭╮╰╯─│"
PLAIN = (tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff)


def parsed(command: Callable[..., T] | type[T], args: list[str], prog: str) -> T:
    """Parse ``args`` by the signature of ``command``, and call it.

    Raises:
        UsageError: they do not fit; tyro's words in one line.
    """
    said = io.StringIO()

    @functools.wraps(command, updated=())
    def later(*given: Any, **named: Any) -> Callable[[], T]:
        return partial(command, *given, **named)

    try:
        with contextlib.redirect_stderr(said):
            call: Callable[[], T] = tyro.cli(later, args=args, prog=f"ptarmigan {prog}", config=PLAIN)
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise UsageError(in_one_line(said.getvalue(), prog)) from None
    return call()  # what it says itself is not tyro's


def in_one_line(box: str, prog: str) -> str:
    """Tyro's framed message without its frame: what is wrong, and what was perhaps meant."""
    lines = [line.strip(BOX + " ") for line in box.splitlines()[1:]]
    said = lines[: lines.index("")] if "" in lines else lines
    words = " ".join(line for line in said if line)
    near = [line.split()[0] for line in lines[len(said) :] if line.startswith("--")]
    hint = f" (perhaps {near[0]})" if near else ""
    return f"{words}{hint}; see 'ptarmigan {prog} --help'"


def train(args: list[str]) -> int:
    """``ptarmigan train RECIPE|IMAGES [options]``."""
    from ptarmigan import api, zoo
    from ptarmigan.options import collecting
    from ptarmigan.settings import Settings

    if not args or args[0].startswith("-"):
        if args and args[0] in ("-h", "--help"):
            print("usage: ptarmigan train RECIPE|IMAGES [options]; for the options: train RECIPE --help")
            print("recipes:", ", ".join(zoo.names()))
            return 0
        raise UsageError("name a recipe or a folder of images first, such as 'ptarmigan train image.dcgan'")
    what, rest = args[0], args[1:]
    name, data = api.named(what)
    recipe = zoo.recipe(name)
    fields: list[Any] = [
        ("options", Annotated[dict[str, Any], tyro.conf.arg(constructor=collecting(recipe))]),
        ("settings", Settings, dataclasses.field(default=Settings())),
        ("run", Invocation, dataclasses.field(default=Invocation())),
    ]
    given = [f"--data={data['data']}", *rest] if data else rest
    call: Any = parsed(dataclasses.make_dataclass("train", fields), given, f"train {what}")
    use_data_dir(call.run.data_dir)
    options = call.options | dataclasses.asdict(call.settings)
    outcome = api.train(name, out=call.run.out or None, force=call.run.force, quiet=call.run.quiet, **options)
    if not api.first_rank():
        return 0
    if not outcome.complete:
        again = shlex.join(["ptarmigan", "train", *args])
        print(f"{outcome.reason}; saved; to go on: {again}", file=sys.stderr)
        return 128 + outcome.signal
    for label, path in (
        ("samples", last_picture(outcome.folder)),
        ("report", outcome.folder / "report.html"),
    ):
        if path is not None and path.exists():
            print(f"{label}: {path}")
    for metric, value in outcome.scores.items():
        print(f"{metric}: {value:.4g}")
    return 0


@dataclasses.dataclass(frozen=True)
class Invocation:
    """This invocation."""

    out: str = ""
    """The run's folder; runs/<recipe>-<data> when empty. The same command again goes on with it."""
    force: bool = False
    """Go on although --steps differs from what the run was begun with."""
    quiet: bool = False
    """Show no progress."""
    data_dir: str = ""
    """Where named data sets already are; else $PTARMIGAN_DATA, then the cache."""


def use_data_dir(folder: str) -> None:
    """Let named sets be looked for in ``folder``."""
    if folder:
        if not Path(folder).is_dir():
            raise UsageError(f"--data-dir {folder}: there is no such folder")
        os.environ["PTARMIGAN_DATA"] = folder


def last_picture(folder: Path) -> Path | None:
    """The newest picture of samples in a run's folder."""
    found = sorted((folder / "samples").glob("step-*.png"))
    return found[-1] if found else None


def sample(args: list[str]) -> int:
    """``ptarmigan sample RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        out: str = "samples.png",
        n: int = 64,
        seed: int = 0,
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        truncation: float = 1.0,
        where: tuple[str, ...] = (),
        best: bool = False,
        device: str = "auto",
    ) -> None:
        """Make samples with a trained run.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            out: a folder (one file a sample), an .npz or .npy (one array), a .png (a grid), or of a table or
                series a .csv or .parquet.
            n: how many samples.
            seed: names the samples: the first of many are the same as the first of few.
            class_: of one class only, by name or number.
            truncation: below 1, less variety and more typical samples.
            where: what columns of a table, or of series' metadata, are to hold, as column=value; all do.
            best: the weights with the best score, not the last.
            device: where to make them.
        """
        from ptarmigan.export import write_samples
        from ptarmigan.trained import load

        trained = load(run, best=best, device=device)
        batches = trained.batches(
            n, seed=seed, class_=class_ or None, truncation=truncation, where=asked(where)
        )
        print(write_samples(trained.space, batches, n, Path(out)))

    parsed(options, args, "sample")
    return 0


def asked(where: tuple[str, ...]) -> dict[str, str | None]:
    """What ``column=value`` asks for; nothing after the sign asks for a missing value.

    Raises:
        UsageError: it is not of that form.
    """
    for words in where:
        if "=" not in words:
            raise UsageError(f"--where {words}: expected column=value, such as --where sex=Female")
    pairs = (words.split("=", 1) for words in where)
    return {name: value or None for name, value in pairs}


def interpolate(args: list[str]) -> int:
    """``ptarmigan interpolate RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        out: str = "interpolation.png",
        n: int = 16,
        stops: int = 4,
        seed: int = 0,
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        best: bool = False,
        device: str = "auto",
    ) -> None:
        """Walk along great circles of the latent space, from one sample to the next.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            out: a .png (a strip for each leg), a .gif or an .mp4.
            n: samples from one stop to the next.
            stops: how many samples are walked between.
            seed: names the stops.
            class_: of one class throughout, by name or number.
            best: the weights with the best score, not the last.
            device: where to make them.
        """
        from ptarmigan.export import write_walk
        from ptarmigan.trained import load

        trained = load(run, best=best, device=device)
        walk = trained.interpolate(n, stops=stops, seed=seed, class_=class_ or None)
        print(write_walk(trained.space, walk, n, Path(out)))

    parsed(options, args, "interpolate")
    return 0


def translate(args: list[str]) -> int:
    """``ptarmigan translate RUN PICTURES``."""

    def options(
        run: tyro.conf.Positional[str],
        pictures: tyro.conf.Positional[str],
        out: str = "translated",
        direction: Literal["AtoB", "BtoA", ""] = "",
        n: int = 1,
        seed: int = 0,
        fit: bool = False,
        best: bool = False,
        device: str = "auto",
    ) -> int:
        """Translate pictures of any size with a trained translation.

        Large pictures are made of tiles that overlap, of the size of training; names, sizes, alpha and
        metadata stay as they are. The exit code is 1 where files of a folder had to be left out.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            pictures: a picture, a GIF, a video, or a folder or a zip of these.
            out: a folder, or of one picture a file (its ending says what it becomes).
            direction: AtoB or BtoA, where the run goes both ways; as it was trained when empty.
            n: translations of each picture, where it has several: name-0.png, name-1.png, ...
            seed: names the first of them; each further one has the next seed.
            fit: squeeze pictures into the size of training and enlarge the results, instead of tiling.
            best: the weights with the best score, not the last.
            device: where to make them.
        """
        from ptarmigan.pictures.many import Wish, translate_files
        from ptarmigan.trained import load

        trained = load(run, best=best, device=device)
        translator = trained.translator(direction)
        if n < 1 or (n > 1 and trained.game.latent == 0):
            said = "a picture has one translation by this run" if n > 1 else "there is nothing to make"
            raise UsageError(f"--n {n}: {said}")
        left_out = translate_files(Wish(translator, n, seed, fit), Path(pictures), Path(out))
        return 1 if left_out else 0

    return parsed(options, args, "translate")


def detect(args: list[str]) -> int:
    """``ptarmigan detect RUN DATA``."""

    def options(
        run: tyro.conf.Positional[str],
        data: tyro.conf.Positional[str],
        out: str = "scores.csv",
        heat: str = "",
        contamination: float = 0.1,
        best: bool = False,
        device: str = "auto",
    ) -> None:
        """Find the rows, or images, that are not like those that a detector was trained on.

        Beside the run's, an isolation forest's and a PCA's scores are printed and written. Labels y in an
        .npz (0 where a row is normal), or a folder of images called good or normal among others, are used to
        say how well each does.

        Args:
            run: the run's folder, or its generator.safetensors alone; of a recipe that begins with anomaly.
            data: a .csv, .npy or .npz file of rows of numbers, with the columns of the run; or images, as
                training takes them.
            out: a .csv for the scores, a line for each row, numbered from 0, or file; higher is more
                abnormal.
            heat: a new folder for pictures of where images are abnormal; of runs of anomaly.fanogan_images.
            contamination: the fraction of its training samples that a detector is to call abnormal.
            best: the weights with the best score, not the last.
            device: where to compute.
        """
        from rich.console import Console
        from rich.table import Table

        from ptarmigan.detecting.heat import write_heat
        from ptarmigan.detection import detect as detected
        from ptarmigan.export import vacant
        from ptarmigan.trained import load

        for place in filter(None, (out, heat)):
            vacant(Path(place))
        trained = load(run, best=best, device=device)
        found = detected(trained, data, contamination)
        if heat:
            write_heat(trained, found.asked, found.learnt, Path(heat))
        found.write(Path(out))
        head, *rows = found.table()
        table = Table(*head, box=None, header_style="dim")
        for row in rows:
            table.add_row(*row)
        Console(width=None if sys.stdout.isatty() else 120, highlight=False).print(table)
        for bad in found.asked.bad[:3]:
            print(f"left out: {bad}")
        print(f"the others were fitted to {found.note}")
        print(f"scores: {out}" + (f"; heat: {heat}" if heat else ""))

    parsed(options, args, "detect")
    return 0


def augment(args: list[str]) -> int:
    """``ptarmigan augment --data X``."""

    def options(
        data: str,
        label: str = "",
        out: str = "",
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        recipe: str = "",
        steps: int = 0,
        splits: int = 5,
        categorical: tuple[str, ...] = (),
        size: str = "",
        crop: bool = False,
        seed: int = 0,
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
        quiet: bool = False,
        data_dir: str = "",
        device: str = "auto",
    ) -> None:
        """Fill up rare classes with what a GAN makes of them, and measure whether that helps.

        On repeated splits of the real samples a classifier learns from one part and is asked about the other:
        with nothing done, with class weights, random oversampling, SMOTE, moved images, and with the GAN.

        Args:
            data: a table, or images with classes: a name, a folder, an archive or a file.
            label: the column of a table that holds the classes.
            out: of a table a .csv or .parquet, whose column synthetic says what is made; of images a folder
                or an .npz; augmented.csv or augmented when empty.
            class_: the class that the measures are about; the rarest when empty.
            recipe: of the GAN, such as table.tvae or image.r1gan; one that fits when empty.
            steps: the length of its training; the recipe's own when 0.
            splits: how many; 0 measures nothing.
            categorical: columns of a table that are categories although they hold numbers.
            size: resize images to HxW first.
            crop: cut them to that shape instead of squeezing.
            seed: names every random choice.
            json_: print JSON.
            quiet: show no progress.
            data_dir: where named data sets already are.
            device: where to train.
        """
        from rich.console import Console
        from rich.table import Table

        try:
            from ptarmigan.augmentation.augment import augment as augmented
        except ImportError as error:
            raise UsageError(str(error)) from None
        use_data_dir(data_dir)
        how: dict[str, Any] = {"splits": splits, "categorical": categorical, "size": size, "crop": crop}
        how |= {"class_": class_, "recipe": recipe or None, "steps": steps or None}
        if not (quiet or json_):
            how["say"] = partial(print, file=sys.stderr, flush=True)
        found, written = augmented(data, label=label, out=out, seed=seed, device=device, **how)
        if json_:
            print(json.dumps({"written": written} | (found.plain() if found else {}), indent=2))
            return
        if found is not None:
            head, *rows = found.table()
            table = Table(*head, box=None, header_style="dim")
            for row in rows:
                table.add_row(*row)
            Console(width=None if sys.stdout.isatty() else 120, highlight=False).print(table)
            print(f"{found.verdict()} (class {found.rare}, {found.share:.1%} of the samples; 95 % intervals)")
        print(written)

    parsed(options, args, "augment")
    return 0


def score(args: list[str]) -> int:
    """``ptarmigan score RUN`` or ``ptarmigan score --real A --fake B``."""

    def options(
        run: tyro.conf.Positional[str] = "",
        real: str = "",
        fake: str = "",
        metrics: tuple[str, ...] = (),
        features: str = "auto",
        weights: str = "",
        size: str = "",
        crop: bool = False,
        length: int = 0,
        id: str = "series",
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
    ) -> None:
        """Score a trained run, or any samples whoever made them, against real ones.

        Args:
            run: a run's folder; its samples are scored against real ones that it was not trained on, where
                there are any.
            real: without a run, the real samples: a name, a folder, an archive or a file.
            fake: the samples to score, alike.
            metrics: which measures: frechet kid precision density sliced vendi ms-ssim classes agreement
                inception-score two-sample mmd authenticity copies modes stacks, of a run path, or all; of
                series discriminative predictive autocorrelation cross-correlation spectrum sliced; of tables
                shapes trends two-sample copies distance efficacy; the usual ones when empty.
            features: what is looked at: auto, classifier, selfsupervised, inception, dinov2, squeezenet,
                resnet20 or pixels.
            weights: a file of the extractor's weights, where they are not to be downloaded.
            size: without a run, resize all images to HxW first.
            crop: cut them to that shape instead of squeezing.
            length: without a run, both are series, and windows of so many steps are scored; none when 0.
            id: the column that says which series a row is of, where a file has it.
            time: the column that orders the rows of a series, where a file has it.
            metadata: columns that are the same in all rows of a series, which are not scored.
            held_out: of tables, a file of real rows that were not learnt from, to compare with.
            target: of tables, a column of a few values: how well it is told by classifiers that learnt from
                the samples.
            n: how many samples to score; 10,000 of a run, all of two sets.
            seed: names the samples of a run.
            best: a run's weights with the best score, not the last.
            json_: print JSON.
            quiet: show no progress.
            data_dir: where named data sets already are.
            device: where to make the samples.
        """
        from ptarmigan import judge

        use_data_dir(data_dir)
        how: dict[str, Any] = {"metrics": metrics, "features": features, "quiet": quiet or json_}
        how |= {"weights": weights or None, "held_out": held_out or None, "target": target}
        if run:
            if real or fake or size or crop or length:
                raise UsageError(
                    "a run knows its own data: leave --real, --fake, --size, --crop and --length out"
                )
            count = 10_000 if n is None else n
            found = judge.score_run(Path(run), n=count, seed=seed, best=best, device=device, **how)
        elif real and fake:
            how |= {"length": length, "id": id, "time": time, "metadata": metadata}
            found = judge.score(real, fake, size=size, crop=crop, n=n, **how)
        else:
            raise UsageError("name a run, or give --real and --fake samples")
        if json_:
            print(json.dumps(found, indent=2))
        else:
            show_scores(found)

    parsed(options, args, "score")
    return 0


def show_scores(found: dict[str, Any]) -> None:
    """Scores as people read them, beside those of real samples and of trivial generators."""
    from rich.console import Console
    from rich.table import Table

    entries: dict[str, Any] = found["scores"]
    others = list(dict.fromkeys(name for entry in entries.values() for name in entry.get("baselines", {})))
    table = Table("score", "these", "±", "real", *others, "better when", box=None, header_style="dim")
    for name, entry in entries.items():
        table.add_row(
            name,
            spelt(entry["value"]),
            spelt(entry.get("error")),
            spelt(entry["floor"]),
            *(spelt(entry.get("baselines", {}).get(other)) for other in others),
            entry["direction"].removesuffix(" is better"),
        )
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    console.print(table)
    for other in others:
        lost = [name for name, entry in entries.items() if other in entry.get("beaten by", ())]
        if lost:
            console.print(
                f"{other[0].upper()}{other[1:]} would have scored better: {', '.join(lost)}", style="yellow"
            )
    for warning in found.get("warnings", ()):
        console.print(warning, style="yellow")
    for said in shared_protocols(entry["protocol"] for entry in entries.values()):
        console.print(said, style="dim")


def shared_protocols(protocols: Iterable[str]) -> list[str]:
    """What scores in the same features have in common, for every kind of features."""
    kinds: dict[str, list[list[str]]] = {}
    for protocol in protocols:
        parts = protocol.split("; ")
        kinds.setdefault(parts[0], []).append(parts)
    return ["; ".join(p for p in some[0] if all(p in other for other in some)) for some in kinds.values()]


def spelt(value: float | None) -> str:
    """A number of a table."""
    return "–" if value is None else f"{value:.4g}"


def compare(args: list[str]) -> int:
    """``ptarmigan compare RUN RUN ...``."""

    def options(
        runs: tyro.conf.Positional[tuple[str, ...]],
        out: str = "compare.html",
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
        data_dir: str = "",
        device: str = "auto",
    ) -> None:
        """Compare runs on the same data: one table here, and one page with samples and curves.

        Runs that differ only in seed are one group. A run without scores is scored first.

        Args:
            runs: folders of at least two runs.
            out: the page.
            json_: print JSON.
            data_dir: where named data sets already are.
            device: where to make samples.
        """
        from rich.console import Console

        from ptarmigan.comparison.compare import compare as compared
        from ptarmigan.report.compare import terminal

        use_data_dir(data_dir)
        found = compared(runs, out=out, device=device)
        if json_:
            print(json.dumps(found.plain(), indent=2))
            return
        Console(width=None if sys.stdout.isatty() else WIDE).print(terminal(found))
        for line in (*(found.verdict(row) for row in found.rows[:1]), *found.notes):
            print(line)
        print(f"all that can be said, with samples and curves: {out}")

    parsed(options, args, "compare")
    return 0


def report(args: list[str]) -> int:
    """``ptarmigan report RUN``."""

    def options(run: tyro.conf.Positional[str], data_dir: str = "") -> None:
        """Write a run's page again, and name it.

        Args:
            run: the run's folder.
            data_dir: where named data sets already are.
        """
        from ptarmigan.report.page import write_report

        use_data_dir(data_dir)
        print(write_report(Path(run)))

    parsed(options, args, "report")
    return 0


def doctor(args: list[str]) -> int:
    """``ptarmigan doctor RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        live: bool = False,
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
    ) -> int:
        """Say what is wrong with a run, finished or not, since when, and what to do about it.

        The exit code is 1 where something is wrong, and 0 where nothing is.

        Args:
            run: the run's folder.
            live: follow it until it is over.
            json_: print JSON.
        """
        from ptarmigan.doctor import read
        from ptarmigan.report.doctor import as_json, follow, opinions, told

        folder = Path(run)
        if live:
            history, found = follow(folder, (lambda _: None) if json_ else partial(print, flush=True))
        else:
            history = read(folder)
            found = opinions(history, folder)
        if json_:
            print(json.dumps(as_json(history, folder, found), indent=2))
        elif not live:
            print("\n".join(told(history, found)))
        return 1 if found else 0

    return parsed(options, args, "doctor")


def data(args: list[str]) -> int:
    """``ptarmigan data SOURCE``."""
    from ptarmigan.data.alike import is_table
    from ptarmigan.data.describe import describe, described_pairs
    from ptarmigan.data.describe_table import described_table
    from ptarmigan.data.images import Images
    from ptarmigan.data.pairs import Pairs

    def options(
        source: tyro.conf.Positional[str],
        pair: str = "",
        labels: Literal["none", "A", "B"] = "none",
        size: str = "",
        crop: bool = False,
        out: str = "",
        data_dir: str = "",
    ) -> None:
        """Describe a source of samples: count, sizes, channels, classes, bad files, duplicates.

        Of a table, each column: what it is taken for, missing cells, distinct values, and what it holds.

        Args:
            source: a name, or a folder, an archive or a file of samples; iris, wine, or a table's file.
            pair: describe it as a translation takes it: auto, side, or how inputs are made, such as lowres:4.
            labels: the side of such a translation that holds label maps.
            size: resize images to HxW first.
            crop: cut them to that shape instead of squeezing.
            out: a .png to draw some of them in.
            data_dir: where named data sets already are.
        """
        use_data_dir(data_dir)
        if pair or labels != "none":
            from ptarmigan.translation import some_pairs

            pairs = Pairs(source, pair=pair or "auto", labels=labels, size=size, crop=crop)
            samples = pairs.open(batch=1, paired=False)
            lines, preview = described_pairs(samples), some_pairs(samples)
        elif is_table(source):
            lines, preview = described_table(source)
        else:
            described = describe(Images(source, size=size, crop=crop))
            lines, preview = described.table(), described.preview
        print("\n".join(lines))
        if out:
            preview.save(out)
            print(f"preview: {out}")

    parsed(options, args, "data")
    return 0


def list_(args: list[str]) -> int:
    """``ptarmigan list``."""

    def options() -> None:
        """The recipes there are."""
        from ptarmigan import zoo

        names = zoo.names()
        width = max(map(len, names))
        for name in names:
            print(f"{name:{width}}  {zoo.summary(name)}")

    parsed(options, args, "list")
    return 0


def show(args: list[str]) -> int:
    """``ptarmigan show RECIPE``."""

    def options(recipe: tyro.conf.Positional[str]) -> None:
        """What a recipe is, and its options with their defaults.

        Args:
            recipe: its name, or a file.
        """
        from ptarmigan import zoo
        from ptarmigan.options import defaults

        found = zoo.module(recipe)
        print((found.__doc__ or "").strip())
        print("\noptions:")
        for name, value in defaults(found.recipe).items():
            print(f"  --{name.replace('_', '-')} {value!r}")
        print(f"\nsource: {zoo.path(recipe)}")

    parsed(options, args, "show")
    return 0


def copy(args: list[str]) -> int:
    """``ptarmigan copy RECIPE FILE``."""

    def options(recipe: tyro.conf.Positional[str], file: tyro.conf.Positional[str]) -> None:
        """Copy a recipe to a file of your own, to change it and train it.

        Args:
            recipe: its name.
            file: where to, such as mine.py.
        """
        from ptarmigan import zoo

        target = Path(file)
        if target.suffix != ".py":
            raise UsageError(f"{file}: a recipe is a Python file, such as mine.py")
        if target.exists():
            raise UsageError(f"{file} is there already: choose another name")
        target.write_text(zoo.path(recipe).read_text())
        print(f"{file}: change it, 'ptarmigan check {file}', then 'ptarmigan train {file}'")

    parsed(options, args, "copy")
    return 0


def check(args: list[str]) -> int:
    """``ptarmigan check RECIPE|FILE``."""

    def options(recipe: tyro.conf.Positional[str]) -> int:
        """Put a recipe through the contract that every recipe of the zoo keeps.

        Args:
            recipe: a file, or a name.
        """
        from ptarmigan import zoo
        from ptarmigan.contract import clauses

        zoo.recipe(recipe)
        failed = 0
        for clause, problem in clauses(recipe):
            failed += problem is not None
            print(f"ok    {clause}" if problem is None else f"FAIL  {clause}: {problem}")
        return 1 if failed else 0

    return parsed(options, args, "check")


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "train": train,
    "sample": sample,
    "interpolate": interpolate,
    "translate": translate,
    "detect": detect,
    "augment": augment,
    "score": score,
    "compare": compare,
    "report": report,
    "doctor": doctor,
    "data": data,
    "list": list_,
    "show": show,
    "copy": copy,
    "check": check,
}
