"""``ptarmigan sample`` and ``ptarmigan interpolate``: samples of a trained run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import tyro

from ptarmigan.commands.options import parse
from ptarmigan.core.errors import UsageError
from ptarmigan.media.show import show

if TYPE_CHECKING:
    from ptarmigan.tasks.generate import Shard
    from ptarmigan.trained import Trained

Choice: TypeAlias = Literal["rejection", "mh"]
ENOUGH = 500
"""Samples of which precision and recall say something."""


def sample(args: list[str]) -> int:
    """``ptarmigan sample RUN``."""

    def options(
        run: tyro.conf.Positional[str],
        out: str = "samples.png",
        n: int = 64,
        seed: int = 0,
        given: tuple[str, ...] = (),
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        truncation: float = 1.0,
        temperature: float = 1.0,
        where: tuple[str, ...] = (),
        choose: Literal["", "rejection", "mh"] = "",
        chain: int = 640,
        shard: str = "",
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Generate samples with a trained run.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            out: a folder (one file a sample), an .npz or .npy (one array), a .png (a grid), of a table or
                series a .csv or .parquet, of text also a .txt or .jsonl.
            n: the number of samples.
            seed: the random seed; the first samples do not depend on n.
            given: the condition of all samples: a class; a sentence, where the run learnt captions; of a
                table or series column=value; of a translation the file of a picture.
            class_: the condition as a class.
            truncation: below 1, less diverse and more typical samples: w nearer to its mean, or where there
                is no w, z from a truncated normal distribution.
            temperature: of text, below 1 the same.
            where: the condition as column=value, of a table or of series' metadata.
            choose: only samples that the discriminator thinks real: rejection, or mh (Metropolis-Hastings);
                what that costs is said, and of 500 or more what it does to precision and recall.
            chain: of mh, samples that are generated for each.
            shard: i/k, the i-th of k processes that make the n samples together, from 1: their numbers go on
                from those of the process before, and all together are to the byte what one process makes.
            best: the weights with the best score, not the last.
            device: where to make them.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.tasks.write import write_samples
        from ptarmigan.trained import load

        trained = load(run, best=best, device=device, recipe=recipe)
        wish = condition(trained, given, class_, where)
        if choose:
            if truncation != 1 or temperature != 1:
                raise UsageError("--choose goes with neither --truncation nor --temperature")
            write_chosen(trained, Path(run), n, choose, Path(out), chain, seed=seed, given=wish)
            return
        part = shard_of(shard, trained, n)
        mine, more = part.span(n), {"shard": part} if shard else {}
        captions = trained.captions(n, seed=seed, given=wish)[mine.start : mine.stop]
        batches = trained.batches(
            n, seed=seed, given=wish, truncation=truncation, temperature=temperature, **more
        )
        show(write_samples(trained.space, batches, len(mine), Path(out), captions, mine.start))

    parse(options, args, "sample")
    return 0


def shard_of(words: str, trained: Trained, n: int) -> Shard:
    """The shard that ``i/k`` names; that of a process alone for no words.

    Raises:
        UsageError: they are no such thing, the run makes no samples of latents, or there are too few samples.
    """
    from ptarmigan.tasks.generate import ALONE, CHUNK, Shard
    from ptarmigan.trained.generator import Generator

    if not words:
        return ALONE
    index, _, count = words.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise UsageError(f"--shard {words}: expected i/k, such as 1/4 for the first of four processes")
    if not isinstance(trained, Generator):
        raise UsageError("--shard is for runs that generate: this one is given what it works on")
    part = Shard(int(index) - 1, int(count))
    if not part.span(n):
        raise UsageError(f"--shard {words}: of {n} samples, {CHUNK} at a time, none is left for it")
    return part


def write_chosen(
    trained: Trained,
    folder: Path,
    n: int,
    how: Choice,
    out: Path,
    chain: int,
    **more: Any,
) -> None:
    """Write samples that the discriminator chose, and say what that cost and changed.

    Raises:
        UsageError: it is no folder of a run, or a run that translates.
        ValueError: no discriminator scores single samples, or nearly none is accepted.
    """
    from ptarmigan.media.files import check_vacant
    from ptarmigan.tasks.write import write_samples
    from ptarmigan.trained.choose import Chooser
    from ptarmigan.trained.generator import Generator

    if not folder.is_dir() or not isinstance(trained, Generator):
        raise UsageError("--choose needs the folder of a run that generates: its state has the discriminator")
    check_vacant(out)
    chooser = Chooser(trained, folder)
    found = chooser.sample(n, how, chain=chain, **more)
    asked = more["given"]
    captions = [] if asked is None else trained.captions(n, given=asked)
    lines = [write_samples(trained.space, iter([found.raw]), n, out, captions)]
    lines.append(f"chosen by {how}: {found.proposed:,} were generated, {found.proposed / n:.3g} for each")
    if n >= ENOUGH:
        effect = chooser.effect(found.raw, **more)
        for name, before, after in zip(("precision", "recall"), effect.before, effect.after, strict=True):
            lines.append(
                f"{name} {before.value:.3f} ± {before.error:.3f} became {after.value:.3f} ± {after.error:.3f}"
            )
    show(*lines)


def condition(trained: Trained, given: tuple[str, ...], class_: str, where: tuple[str, ...]) -> Any:
    """The condition by any of the three options; None for none.

    Raises:
        UsageError: more than one is given.
    """
    if sum(map(bool, (given, class_, where))) > 1:
        raise UsageError("give the condition in one way: by --given, by --class or by --where")
    if given:
        return trained.read_condition(given)
    return parse_where(where) if where else class_ or None


def parse_where(where: tuple[str, ...]) -> dict[str, str | None]:
    """Conditions from ``column=value``; an empty value is a missing value.

    Raises:
        UsageError: one is not of that form.
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
        given: tuple[str, ...] = (),
        class_: Annotated[str, tyro.conf.arg(name="class")] = "",
        along: Literal["z", "w"] = "z",
        best: bool = False,
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Interpolate between samples, along great circles of the latent space.

        Args:
            run: the run's folder, or its generator.safetensors alone.
            out: a .png (a strip for each segment), a .gif or an .mp4.
            n: frames of each segment.
            stops: the number of samples that are interpolated between.
            seed: the random seed of these.
            given: the condition of all samples: a class; of a table or series column=value.
            class_: the condition as a class.
            along: w goes along straight lines instead, where the generator has one.
            best: the weights with the best score, not the last.
            device: where to make them.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.tasks.write import write_walk
        from ptarmigan.trained import load

        trained = load(run, best=best, device=device, recipe=recipe)
        wish = condition(trained, given, class_, ())
        walk = trained.interpolate(n, stops=stops, seed=seed, given=wish, along=along)
        show(write_walk(trained.space, walk, n, Path(out)))

    parse(options, args, "interpolate")
    return 0
