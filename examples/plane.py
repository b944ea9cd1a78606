"""A GAN in the plane, where every sample can be seen: train it, look at it, count the modes it found.

python examples/plane.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import ptarmigan
from ptarmigan.metrics.modes import Modes, modes
from ptarmigan.modalities.point.source import points


def main(out: str | Path = "runs/plane", steps: int = 3_000) -> Modes:
    outcome = ptarmigan.train("toy.r3gan", data="ring", steps=steps, out=out)
    print(f"{outcome.reason}; see {outcome.folder / 'report.html'}")

    assert ptarmigan.train("toy.r3gan", data="ring", steps=steps, out=out).step == steps

    trained = ptarmigan.load(out)
    made = trained.sample(2_500, seed=0)  # coordinates as the data has them
    np.savetxt(Path(out) / "made.csv", made, delimiter=",")
    trained.space.render(made).save(Path(out) / "made.png")

    ring = points("ring", batch=1).mixture
    assert ring is not None
    found = modes(made, ring.centres, ring.sigma)
    print(f"{found.found} of {found.total} modes, {found.good:.1%} of the samples good")
    return found


if __name__ == "__main__":
    main()
