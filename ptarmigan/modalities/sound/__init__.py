"""Sounds: words, notes, clips of any recordings, as waveforms or as spectrograms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.modality import Description, Modality
from ptarmigan.modalities.sound.mel_space import MelSpace
from ptarmigan.modalities.sound.recognise import recognise
from ptarmigan.modalities.sound.source import KINDS, Sounds
from ptarmigan.modalities.sound.space import SoundSpace
from ptarmigan.modalities.sound.spectrogram import SpectrogramSpace
from ptarmigan.modalities.sound.vowels import NAME


def describe(options: Sounds) -> Description:
    """Count, rate, durations, classes, speakers and bad files."""
    from ptarmigan.modalities.sound.describe import describe_sounds

    return describe_sounds(options)


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """Distances in a log-mel network's features, classes, speakers, copies."""
    from ptarmigan.modalities.sound.evaluate import evaluator as of_sounds

    return of_sounds(samples, request)


def outputs(samples: Samples, request: Request) -> Evaluator:
    """How near sounds are to those that they should be."""
    from ptarmigan.modalities.sound.restored import evaluator as of_outputs

    return of_outputs(samples, request)


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """Sounds at the rate and of the length of the real ones."""
    from ptarmigan.modalities.sound.evaluate import between as of_both

    return of_both(real, fake, request, options)


def example(place: Path) -> Any:
    """A few vowels in folders."""
    from ptarmigan.modalities.sound.vowels import RATE, RESONANCES, vowels
    from ptarmigan.modalities.sound.wav import wav

    clips, labels = vowels(15, "example")
    for number, (clip, label) in enumerate(zip(clips, labels, strict=True)):
        folder = place / list(RESONANCES)[label]
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.wav").write_bytes(wav(clip, RATE))
    return str(place)


MODALITY = Modality(
    name="sound",
    plural="sounds",
    takes=f"{NAME}, or {KINDS}",
    space=SoundSpace,
    also=(SpectrogramSpace, MelSpace),
    options=Sounds,
    recognise=recognise,
    sets=(NAME,),
    look=describe,
    example=example,
    evaluator=evaluator,
    outputs=outputs,
    between=between,
    recipe="sound.specgan",
    recipes="ptarmigan.zoo.sound",
)
