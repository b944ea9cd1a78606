"""Particle showers: energy in the cells of a calorimeter, of a particle of an incident energy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptarmigan.data.glimpse import file_of, text_of
from ptarmigan.data.samples import Samples
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.modality import Modality
from ptarmigan.modalities.shower.files import ENDINGS, INCIDENT, SHOWERS, is_calogan, names_in
from ptarmigan.modalities.shower.source import NAME, Showers
from ptarmigan.modalities.shower.space import ShowerSpace


def recognise(data: Any) -> str:
    """The named set, or a file, or a dictionary, with the arrays of CaloGAN or of the CaloChallenge."""
    if text_of(data) == NAME:
        return f"the set {data}"
    path = file_of(data)
    if isinstance(data, dict):
        names = set(map(str, data))
    elif path is not None and path.suffix.lower() in ENDINGS:
        names = names_in(path)
    else:
        return ""
    if is_calogan(names):
        return "showers in the layout of CaloGAN"
    return "showers in the layout of the CaloChallenge" if {INCIDENT, SHOWERS} <= names else ""


def example(place: Path) -> Any:
    """A few simulated showers, as arrays."""
    from ptarmigan.modalities.shower.files import as_calogan
    from ptarmigan.modalities.shower.geometry import CALOGAN
    from ptarmigan.modalities.shower.simulate import simulate

    rng = np.random.default_rng(0)
    energies = rng.uniform(1, 20, 40)
    raw = np.concatenate([energies[:, None], simulate(energies, rng)], 1)
    np.savez(place / "showers.npz", **as_calogan(raw, CALOGAN))  # type: ignore[arg-type]
    return str(place / "showers.npz")


def evaluator(samples: Samples, request: Request) -> Evaluator:
    """Distances of high-level features, response, resolution and sparsity, copies."""
    from ptarmigan.modalities.shower.evaluate import evaluator as of_showers

    return of_showers(samples, request)


def between(
    real: Any, fake: Any, request: Request, options: Mapping[str, Any]
) -> tuple[Evaluator, NDArray[Any]]:
    """In the calorimeter of both."""
    from ptarmigan.modalities.shower.evaluate import between as of_both

    return of_both(real, fake, request, options)


MODALITY = Modality(
    name="shower",
    plural="showers",
    takes=f"{NAME}, or a .hdf5, .h5 or .npz file with energy, layer_0, … (CaloGAN) or incident_energies and "
    "showers (CaloChallenge)",
    space=ShowerSpace,
    options=Showers,
    recognise=recognise,
    sets=(NAME,),
    example=example,
    evaluator=evaluator,
    between=between,
    recipe="shower.relativistic",
    recipes="ptarmigan.zoo.shower",
)
