"""Images: any height and width, one to four channels, 8 or 16 bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.image.few import advised
from ptarmigan.modalities.image.named import NAMES
from ptarmigan.modalities.image.networks import ImageNetworks
from ptarmigan.modalities.image.recognise import recognise
from ptarmigan.modalities.image.source import KINDS, Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.stacked import NAME as STACKED
from ptarmigan.modalities.labelled import Labelled
from ptarmigan.modalities.modality import Description, Modality


def describe(options: Images) -> Description:
    """Count, sizes, channels, classes, bad files and duplicates."""
    from ptarmigan.modalities.image.describe import describe as describe_images

    found = describe_images(options)
    return Description(found.table(), found.preview)


def example(place: Path) -> Any:
    """Two classes of tiny images in folders."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    for i in range(12):
        path = place / ("dark" if i % 2 else "light") / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 100 + 100 * (i % 2), (8, 8, 3), np.uint8)).save(path)
    return str(place)


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """Distances in learnt features, classes, likeness of pairs."""
    from ptarmigan.modalities.image.evaluate import evaluator as of_images

    return of_images(samples, request)


def labelled(data: Any, out: Path, label: str, **options: Any) -> Labelled:
    """Samples with classes, some of them rare."""
    from ptarmigan.modalities.image.labelled import labelled as with_classes

    return with_classes(data, out, label, **options)


MODALITY = Modality(
    name="image",
    plural="images",
    takes=f"digits, mnist, fashion-mnist, kmnist, cifar10, stacked-mnist, or {KINDS}",
    space=ImageSpace,
    options=Images,
    recognise=recognise,
    sets=(*NAMES, STACKED),
    look=describe,
    example=example,
    evaluator=evaluator,
    labelled=labelled,
    recipe="image.r1gan",
    advised=advised,
    recipes="ptarmigan.zoo.image",
    calibrated=True,
    networks=ImageNetworks,
)
