"""Scores of the same small fields by pysteps and scoringrules, for ``test_field_scores.py``.

    python -m venv v; v/bin/pip install pysteps==1.21.5 scoringrules opencv-python-headless
    v/bin/python tests/modalities/field/field_reference.py

writes ``field_reference.json`` beside it. Both are too heavy to be needed by the tests.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_suffix(".json")


def fields(least: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Five members and what was observed, of 24 × 24 cells, 0 below the least."""
    rng = np.random.default_rng(0)
    rain = np.exp(rng.standard_normal((6, 24, 24)).cumsum(1).cumsum(2) / 12)
    rain[rain < least] = 0
    return rain[:5], rain[5]


def moving(n: int = 3, side: int = 64, shift: tuple[float, float] = (1.5, -2.0)) -> np.ndarray:
    """A smooth field that moves by ``shift`` cells down and across from one time to the next."""
    rng = np.random.default_rng(1)
    y, x = np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)
    start = np.fft.fft2(rng.standard_normal((side, side))) * np.exp(-120 * (y**2 + x**2))
    moved = [
        np.fft.ifft2(start * np.exp(-2j * np.pi * t * (y * shift[0] + x * shift[1]))).real for t in range(n)
    ]
    return np.maximum(np.stack(moved) / np.std(moved), 0)


def main() -> None:
    import scoringrules
    from pysteps.extrapolation.semilagrangian import extrapolate
    from pysteps.motion.lucaskanade import dense_lucaskanade
    from pysteps.utils.spectral import rapsd
    from pysteps.verification.detcatscores import det_cat_fct
    from pysteps.verification.probscores import CRPS
    from pysteps.verification.spatialscores import fss

    members, observed = fields()
    categories = det_cat_fct(members[0], observed, 1.0)
    found = {
        # of places where a member equals what was observed pysteps leaves a part out, so there is no dry one
        "crps of rain": CRPS(*fields(least=0.0)),
        "crps": float(
            scoringrules.crps_ensemble(observed, np.moveaxis(members, 0, -1), estimator="nrg").mean()
        ),
        "fair crps": float(
            scoringrules.crps_ensemble(observed, np.moveaxis(members, 0, -1), estimator="fair").mean()
        ),
        "spectrum": rapsd(observed, fft_method=np.fft).tolist(),
        "fss": [fss(members[0], observed, 1.0, scale) for scale in (1, 4, 7)],
        "csi": categories["CSI"],
        "pod": categories["POD"],
        "far": categories["FAR"],
    }
    frames = moving()
    flow = dense_lucaskanade(frames)
    found["flow"] = flow.mean((1, 2)).tolist()
    ahead = extrapolate(frames[-1], np.stack([np.full((64, 64), -2.0), np.full((64, 64), 1.5)]), 2)
    found["ahead"] = ahead[1, 20:40:4, 20:40:4].tolist()
    FILE.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
