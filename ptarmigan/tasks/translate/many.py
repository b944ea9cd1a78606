"""Translation of files: a picture, a video, or all of a folder or an archive."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from ptarmigan.data.archives import Container, Folder, Zip
from ptarmigan.media.console import say
from ptarmigan.media.files import create
from ptarmigan.media.foreign import open_binary, read_bytes
from ptarmigan.media.progress import Bar
from ptarmigan.media.show import show
from ptarmigan.media.video import pyav
from ptarmigan.modalities.image.decode import EXTENSIONS, MOST_BYTES
from ptarmigan.tasks.translate.direction import Direction, Progress
from ptarmigan.tasks.translate.moving import READ, VIDEOS, translate_gif, translate_video
from ptarmigan.tasks.translate.still import FORMAT, PNG, holds, still

GIF, VIDEO = ".gif", ".mp4"


@dataclass(frozen=True)
class Original:
    """A file to translate.

    Attributes:
        name: with its folders.
        size: in bytes.
        read: returns its contents.
        path: of the file, unless it is in an archive.
    """

    name: str
    size: int
    read: Callable[[], bytes]
    path: Path | None = None

    @property
    def ending(self) -> str:
        """The ending of its name."""
        return PurePosixPath(self.name).suffix.lower()

    def opened(self) -> IO[bytes]:
        """The file, open."""
        return io.BytesIO(self.read()) if self.path is None else open_binary(self.path)


@dataclass(frozen=True)
class TranslationJob:
    """Options of the translation of files.

    Attributes:
        direction: the run.
        n: translations of each.
        seed: of the first; each further one has the next.
        fit: squeeze pictures instead of tiling them.
    """

    direction: Direction
    n: int = 1
    seed: int = 0
    fit: bool = False

    def targets(self, target: Path) -> Iterator[tuple[int, Path]]:
        """Seeds, and the paths of their translations: name.png, or name-0.png, name-1.png, ..."""
        for i in range(self.n):
            end = f"-{i}" if self.n > 1 else ""
            yield self.seed + i, target.with_name(f"{target.stem}{end}{target.suffix}")

    def name(self, original: Original) -> str:
        """The name of a file's translation: the same, where its format is possible."""
        space = self.direction.space
        if original.ending in (GIF, *VIDEOS) or holds(original.ending, space, space.shape[0]):
            return original.name
        return str(PurePosixPath(original.name).with_suffix(VIDEO if original.ending in READ else PNG))


def translate_files(job: TranslationJob, source: Path, out: Path) -> int:
    """Translate the files at ``source``, print the paths, and return how many files were left out.

    Args:
        job: the options.
        source: a picture, a GIF, a video, or a folder or a zip of these.
        out: for one file another one, or a folder for it; for many a folder, new or empty.

    Raises:
        ValueError: there is nothing to translate, it cannot be, or something is at ``out``.
    """
    if source.is_dir():
        return translate_all(job, Folder(source), out)
    if not source.is_file():
        raise ValueError(f"there is no picture and no folder {source}")
    if source.suffix.lower() == ".zip":
        return translate_all(job, Zip(source), out)
    original = Original(source.name, source.stat().st_size, partial(read_bytes, source), source)
    if not translatable(original):
        raise ValueError(f"{source} is no picture that is read: expected {kinds()}, a folder or a zip")
    named = bool(out.suffix) and not out.is_dir()
    target = out if named else out / job.name(original)
    check_ending(job, original, target)
    for _, path in job.targets(target):
        if path.exists():
            raise ValueError(f"{path} is there already: choose another --out")
    with Bar(1, unit="share") as bar:
        try:
            written = list(translated(job, original, target, bar.reach))
        except ValueError as error:
            raise ValueError(f"{source}: {error}") from None
    for path, note in written:
        show(f"translation: {path}{f' ({note})' if note else ''}")
    return 0


def translate_all(job: TranslationJob, container: Container, out: Path) -> int:
    """Translate all pictures of a folder or an archive, with the same names and folders.

    Raises:
        ValueError: there are none, none can be read, or something is at ``out``.
    """
    originals = [original for original in files(container) if translatable(original)]
    if not originals:
        raise ValueError(f"{container.where} holds no pictures: expected {kinds()}")
    if out.is_file() or out.suffix.lower() in {*FORMAT, *VIDEOS, GIF}:
        raise ValueError(f"{out}: many pictures are written to a folder, and this is a file's name")
    bad, notes, taken = [], [], set()
    with create(out) as draft:
        with Bar(len(originals), unit="share") as bar:
            for i, original in enumerate(originals):
                target = draft / job.name(original)
                if target in taken:  # a.jpg beside a.ppm, which becomes a.png beside a.png
                    target = draft / f"{original.name}{target.suffix}"
                taken.add(target)
                target.parent.mkdir(parents=True, exist_ok=True)
                try:
                    written = translated(job, original, target, progress_after(i, bar.reach))
                    notes += [f"{original.name}: {note}" for _, note in written if note]
                except (ValueError, OSError) as error:
                    bad.append(f"{original.name}: {error}")
                bar.reach(i + 1)
        if len(bad) == len(originals):
            raise ValueError(f"{container.where}: none of {len(bad)} can be translated, for example {bad[0]}")
    for line in [*(f"left out {one}" for one in bad), *notes]:
        say(f"ptarmigan: {line}")
    if bad:
        say(f"ptarmigan: {len(bad)} of {len(originals)} files were left out")
    show(f"translations: {out}{os.sep} ({job.n * (len(originals) - len(bad)):,})")
    return len(bad)


def translated(
    job: TranslationJob, original: Original, target: Path, progress: Progress
) -> Iterator[tuple[Path, str]]:
    """Write the translations of one file; their paths, each with a note.

    Raises:
        ValueError: it cannot be read, or something is there already.
    """
    how = {"fit": job.fit}
    moves = target.suffix.lower() in (GIF, *VIDEOS)
    if original.ending not in READ and original.size > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES >> 20} MB")
    for i, (seed, path) in enumerate(job.targets(target)):
        note, done = "", progress_after(i, progress, job.n)
        if not moves:
            file, ending = still(
                job.direction, original.read(), path.suffix.lower(), seed=seed, progress=done, **how
            )
            if ending != path.suffix.lower():
                path = path.with_name(f"{path.name}{ending}")
            with create(path, sync=False) as draft:
                draft.write_bytes(file)
        elif path.suffix.lower() == GIF:
            with create(path, sync=False) as draft:
                translate_gif(job.direction, original.read(), draft, seed=seed, progress=done, **how)
        else:
            with create(path, sync=False) as draft, original.opened() as source:
                form = VIDEOS[path.suffix.lower()]
                note = translate_video(job.direction, source, draft, form, seed=seed, progress=done, **how)
        yield path, note


def progress_after(done: int, progress: Progress, of: int = 1) -> Progress:
    """The progress of one more of ``of`` things, after ``done`` of them."""
    return lambda share: progress((done + share) / of)


def check_ending(job: TranslationJob, original: Original, target: Path) -> None:
    """Check that a file can be translated into the format of ``target``.

    Raises:
        ValueError: it cannot.
    """
    ending, space = target.suffix.lower(), job.direction.space
    if original.ending in READ:
        pyav()
        if ending not in VIDEOS:
            raise ValueError(f"{target}: a video becomes a video ({' '.join(VIDEOS)})")
    elif ending == GIF and original.ending != GIF:
        raise ValueError(f"{target}: only a GIF becomes a GIF; write a .png")
    elif ending == GIF:
        return
    elif ending not in FORMAT:
        raise ValueError(f"{target}: a picture is written to {' '.join(FORMAT)}")
    elif not holds(ending, space, space.shape[0]):
        raise ValueError(f"{target}: such a file does not hold what this run makes; write a .png")


def files(container: Container) -> Iterator[Original]:
    """The files of a folder or an archive."""
    for i, name in enumerate(container.names):
        path = container.path / name if isinstance(container, Folder) else None
        yield Original(name, int(container.sizes[i]), partial(container.read, i), path)


def translatable(original: Original) -> bool:
    """Whether a file is a picture or a video, by its name."""
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(original.name).parts)
    return not hidden and (original.ending[1:] in EXTENSIONS or original.ending in READ)


def kinds() -> str:
    """The kinds of files that are translated, in words."""
    return " ".join([*sorted(EXTENSIONS), *sorted(ending[1:] for ending in READ)])
