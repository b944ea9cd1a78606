"""The default GAN on a folder of your own images: train it, sample from it, walk between samples.

    python examples/own_images.py ./photos

With no folder it writes one first, of handwritten digits. A folder for each class is not needed. Where images
differ in size, ``size`` makes them one; 64 and a few hours are a sensible start for photographs on a GPU.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image
from sklearn.datasets import load_digits

import ptarmigan


def main(folder: str | Path, out: str | Path = "runs/own-images", steps: int = 200) -> None:
    outcome = ptarmigan.train(str(folder), size="16x16", steps=steps, score_every=steps, out=out)
    print(f"{outcome.reason}; see {outcome.folder / 'report.html'}")

    trained = ptarmigan.load(out)
    images = trained.sample(64, seed=0)  # (64, height, width, channels), uint8
    trained.space.render(images).save(Path(out) / "grid.png")
    walk = trained.interpolate(8, stops=3, seed=0)
    trained.space.render(walk).save(Path(out) / "walk.png")


def handwritten(folder: Path) -> Path:
    """1,797 images of 8×8 pixels, as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, pixels in enumerate(load_digits().images):
        Image.fromarray((pixels * 255 / 16).astype("uint8")).save(folder / f"{i:04d}.png")
    return folder


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else handwritten(Path("runs/digits-as-files")))
