"""``ptarmigan watermark`` and ``verify``: samples that say who made them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import tyro

from ptarmigan.commands.options import parse, use_data_dir, use_recipe
from ptarmigan.core.errors import UsageError
from ptarmigan.media.show import show, show_json, show_table


def watermark(args: list[str]) -> int:
    """``ptarmigan watermark RUN --key FILE`` or ``ptarmigan watermark --data PICTURES --key FILE``."""

    def options(
        run: tyro.conf.Positional[str] = "",
        key: str = "",
        data: str = "",
        size: str = "",
        out: str = "",
        bits: int = 32,
        steps: int = 1_500,
        tune: int = 600,
        seed: int = 0,
        quiet: bool = False,
        data_dir: str = "",
        device: str = "auto",
        recipe: str = "",
    ) -> None:
        """Tune a finished run so that a key is read from any of its images, or mark images to train on.

        No data are needed to tune a run. The new run is used as any other, and is not trained on.

        Args:
            run: the run's folder.
            key: a new file for the key. Who has it can verify the mark, and remove it.
            data: without a run, images to mark: what is trained on them carries the key too.
            size: of --data, resize all images to HxW first.
            out: the folder of the new run, or of the marked images; beside the old ones when empty.
            bits: of the key, 32 to 100; more are more certain and harder to hide in small images.
            steps: of learning to hide and read bits.
            tune: steps of the generator.
            seed: the random seed of training; the bits are others every time.
            quiet: show no progress.
            data_dir: where named data sets already are.
            device: where to compute.
            recipe: the file of the run's recipe, where that is your own and was not trained with here.
        """
        from ptarmigan.security.watermark import random_bits, stamp
        from ptarmigan.security.watermark import watermark as marked_run

        if bool(run) == bool(data):
            raise UsageError("name a run, or images with --data")
        if not key:
            raise UsageError("name a new file for the key: --key FILE")
        if min(steps, tune) < 20:
            raise UsageError(f"{min(steps, tune)} steps: it takes 20 or more (--steps, --tune)")
        use_data_dir(data_dir)
        use_recipe(recipe, *filter(None, [run]))
        where = Path(out or f"{(run or data).rstrip('/')}-watermarked")
        new = random_bits(bits)
        if run:
            found = marked_run(
                Path(run),
                Path(key),
                where,
                bits=new,
                steps=steps,
                tune=tune,
                seed=seed,
                device=device,
                quiet=quiet,
            )
        else:
            found = stamp(data, Path(key), where, bits=new, size=size, steps=steps, seed=seed, quiet=quiet)
        show_table(("images", "bits right"), [(name, f"{share:.1%}") for name, share in found.right.items()])
        show(f"{found.decibels:.1f} dB between images with the mark and without")
        show(f"images: {where}; key: {key}" if data else f"run: {where}; key: {key}")

    parse(options, args, "watermark")
    return 0


def verify(args: list[str]) -> int:
    """``ptarmigan verify SAMPLES --key FILE``."""

    def options(
        samples: tyro.conf.Positional[str],
        key: str,
        rate: float = 1e-6,
        json_: Annotated[bool, tyro.conf.arg(name="json")] = False,
        data_dir: str = "",
    ) -> None:
        """Verify whether images carry a key; the exit code is 0 whatever the answer.

        Args:
            samples: images, as training takes them; of other sizes they are resized to the key's.
            key: the file that ptarmigan watermark wrote.
            rate: how often images without the mark may be said to carry it.
            json_: print JSON.
            data_dir: where named data sets already are.
        """
        from ptarmigan.security.verify import verify as verified

        use_data_dir(data_dir)
        found = verified(samples, Path(key), rate=rate)
        if json_:
            show_json(asdict(found))
            return
        alone = f"{found.accepted:.1%} of {found.pictures:,} images carry the key by themselves"
        show(
            f"{found.right:.1%} of the bits are right in an image; {alone} "
            f"({found.needed} of {found.bits} bits right)"
        )
        verdict = "they carry the key" if found.carries else "the key is not found in them"
        luck = f"by luck at {found.luck:.1e}"
        show(
            f"together {found.together} of {found.bits} bits are right, {luck}: {verdict}, at a "
            f"false-positive rate of {found.rate:g}"
        )

    parse(options, args, "verify")
    return 0
