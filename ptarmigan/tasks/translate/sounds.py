"""Translation of sound files of any length, rate and number of channels, and of files of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from ptarmigan.data.archives import Container
from ptarmigan.media.console import say
from ptarmigan.media.files import create
from ptarmigan.media.show import show
from ptarmigan.modalities.sound.decode import channels_of, resampled
from ptarmigan.modalities.sound.names import is_sound
from ptarmigan.modalities.sound.source import files_of
from ptarmigan.modalities.sound.wav import wav
from ptarmigan.tasks.translate.direction import Direction
from ptarmigan.tasks.translate.many import TranslationJob, translate_files
from ptarmigan.tasks.translate.sound_direction import Floats, SoundDirection


def translate_sounds(direction: SoundDirection, source: Path, out: Path, seed: int) -> list[str]:
    """Translate a sound file, or all of a folder or an archive, into WAV files at the rate of training.

    Args:
        direction: the run.
        source: of the sounds.
        out: a folder, or for one file a ``.wav``.
        seed: of the latent.

    Returns:
        The files that could not be read, each ``name: reason``.

    Raises:
        FileNotFoundError: there is nothing.
        ValueError: there are no sounds, or none can be read.
    """
    files, alone = files_of(str(source))
    members = [i for i, name in enumerate(files.names) if is_sound(name)]
    if not members:
        raise ValueError(f"{source} holds no sounds")
    if out.suffix and (out.suffix.lower() != ".wav" or not alone):
        raise ValueError(f"--out {out}: sounds are written to a folder, or one of them to a .wav")
    if alone and not out.suffix:
        out = out / f"{source.stem}.wav"
    bad: list[str] = []
    with create(out) as draft:
        for name, made in translated(direction, files, members, seed, bad):
            place = draft if alone else draft / PurePosixPath(name).with_suffix(".wav")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(wav(made, direction.space.rate))
        if len(bad) == len(members):
            raise ValueError(
                f"{source}: {len(bad)} of {len(members)} sounds cannot be read, for example {bad[0]}"
            )
    for reason in bad:
        say(f"ptarmigan: left out: {reason}")
    show(f"translations: {out} ({len(members) - len(bad):,})")
    return bad


def translate_any(
    way: Direction | SoundDirection, source: Path, out: Path, *, n: int = 1, seed: int = 0, fit: bool = False
) -> int:
    """Translate files of pictures, or of sounds, by a trained run; how many could not be.

    Args:
        way: of the run.
        source: a file, or a folder or an archive of files.
        out: where to.
        n: translations of each.
        seed: of the first.
        fit: squeeze pictures into the size of training.

    Raises:
        ValueError: they cannot be translated.
    """
    if isinstance(way, Direction):
        return translate_files(TranslationJob(way, n, seed, fit), source, out)
    if n > 1 or fit:
        raise ValueError("--n and --fit are for pictures, and this run translates sounds")
    return len(translate_sounds(way, source, out, seed))


def translated(
    direction: SoundDirection, files: Container, members: list[int], seed: int, bad: list[str]
) -> Iterator[tuple[str, Floats]]:
    """Names and translations ``(length, channels)``; what cannot be read is added to ``bad``."""
    rate = direction.given.rate
    for i in members:
        try:
            samples, own = channels_of(files, i)
            if not len(samples):
                raise ValueError("holds no samples")
            channels = [resampled(channel, own, rate) for channel in samples.T]
        except (OSError, ValueError) as error:
            bad.append(f"{files.names[i]}: {error}")
            continue
        yield files.names[i], direction(np.stack(channels, 1), seed=seed)
