"""Use the ONNX files in this folder: needs onnxruntime and numpy alone.

    python use.py --n 16 --seed 0 --out samples.npz
    python use.py --class 3
    python use.py --input photos.npy
    python use.py --check

In Python, with this folder as the working directory:

    from use import Model
    samples = Model()(n=16, seed=0)["samples"]

Written by ptarmigan export; config.json says what every tensor is.
"""

from __future__ import annotations

import argparse
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

HERE = Path(__file__).resolve().parent
Arrays = dict[str, "np.ndarray[Any, Any]"]


class Model:
    """One function of the run; the first where none is named.

    Args:
        function: its name, such as ``generator``.
        folder: where config.json is.
    """

    def __init__(self, function: str = "", folder: Path = HERE) -> None:
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        known = self.config["functions"]
        if function and function not in known:
            raise SystemExit(f"there is no function {function!r}; there are {', '.join(known)}")
        self.name = function or next(iter(known))
        self.function = known[self.name]
        self.session = onnxruntime.InferenceSession(
            str(folder / self.function["file"]), providers=["CPUExecutionProvider"]
        )

    def __call__(self, n: int = 16, seed: int = 0, **given: Any) -> Arrays:
        """The outputs, by name; what is not given is drawn.

        Args:
            n: how many samples; as many as there are inputs where inputs are given.
            seed: of what is drawn.
            **given: inputs by name, such as ``z``; ``class`` may be one number or name for all, and
                ``condition`` one of those that config.json has, such as ``sex=Female``.
        """
        for value in given.values():
            if np.ndim(value):
                n = len(value)
        rng = np.random.default_rng(seed)
        feed = {one["name"]: self.input(one, n, rng, given) for one in self.function["inputs"]}
        names = [one["name"] for one in self.function["outputs"]]
        return dict(zip(names, self.session.run(None, feed), strict=True))

    def input(self, one: dict[str, Any], n: int, rng: np.random.Generator, given: dict[str, Any]) -> Any:
        """One input of the graph."""
        shape = ([n] if one["batched"] else []) + one["shape"]
        if one["name"] in given:
            return self.encoded(one, given[one["name"]], shape)
        if one["drawn"] == "normal":
            return rng.standard_normal(shape).astype(one["dtype"])
        if one["drawn"] == "uniform":
            return rng.random(shape).astype(one["dtype"])
        if one["drawn"] == "class":
            count = np.asarray(self.config["frequencies"] or np.ones(len(self.config["classes"])), float)
            return rng.choice(len(count), n, p=count / count.sum()).astype(one["dtype"])
        raise SystemExit(f"{self.name} needs its input {one['name']!r} ({one['words']})")

    def encoded(self, one: dict[str, Any], value: Any, shape: list[int]) -> Any:
        """What is given for an input, as the graph wants it: pixels (n, height, width, channels) too."""
        if one["drawn"] == "class" and not np.ndim(value):
            names = self.config["classes"]
            if str(value) not in names and not str(value).isdecimal():
                raise SystemExit(f"there is no class {value!r}; there are {', '.join(names)}")
            number = names.index(str(value)) if str(value) in names else int(value)
            value = np.full(shape, number)
        if one["name"] == "condition" and not np.ndim(value):
            known = self.config["conditions"]
            if value not in known:
                raise SystemExit(f"there is no condition {value!r}; there are {', '.join(known)}")
            value = np.broadcast_to(known[value], shape)
        value = np.asarray(value)
        if value.dtype in (np.uint8, np.uint16) and value.ndim == 4 and value.shape[3] == one["shape"][0]:
            white = np.iinfo(value.dtype).max
            value = (value * np.float32(2 / white) - 1).transpose(0, 3, 1, 2)
        if list(value.shape) != shape:
            raise SystemExit(f"{one['name']} has the shape {shape}, not {list(value.shape)}")
        return np.ascontiguousarray(value, one["dtype"])


def check(folder: Path = HERE) -> list[str]:
    """Compare what is computed here with what torch computed where this was exported, in lines."""
    lines = []
    with np.load(folder / "check.npz") as kept:
        for name in Model(folder=folder).config["functions"]:
            model = Model(name, folder)
            ports = [one["name"] for one in model.function["inputs"]]
            found = model.session.run(None, {port: kept[f"{name}/in/{port}"] for port in ports})
            for one, values in zip(model.function["outputs"], found, strict=True):
                expected = kept[f"{name}/out/{one['name']}"]
                largest = max(1.0, float(np.nanmax(np.abs(expected.astype(float)), initial=0)))
                apart = np.abs(values.astype(float) - expected.astype(float))
                lines.append(f"{name} {one['name']}: differs by {np.nanmax(apart, initial=0) / largest:.1e}")
    return lines


def png(samples: Any) -> bytes:
    """Pixels ``(n, height, width, 1 or 3)`` uint8 as a PNG, in rows."""
    n, height, width, channels = samples.shape
    across = int(np.ceil(n**0.5))
    down = -(-n // across)
    grid = np.zeros((down * across, height, width, channels), np.uint8)
    grid[:n] = samples
    grid = grid.reshape(down, across, height, width, channels).swapaxes(1, 2)
    rows = grid.reshape(down * height, across * width * channels)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    size = struct.pack(">IIBBBBB", across * width, down * height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    parts = ((b"IHDR", size), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    found = b"\x89PNG\r\n\x1a\n"
    for kind, data in parts:
        found += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--function", default="", help="which function; the first of config.json")
    parser.add_argument("--n", type=int, default=16, help="how many samples")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    parser.add_argument("--class", dest="class_", default=None, help="name or number of the class of all")
    parser.add_argument("--condition", default=None, help="of all, such as sex=Female, of conditional")
    parser.add_argument("--input", default="", help="an .npy file of inputs, such as pixels (n, h, w, c)")
    parser.add_argument("--out", default="samples.npz", help="an .npz of all outputs, or a .png of pixels")
    parser.add_argument("--check", action="store_true", help="compare with what torch made")
    args = parser.parse_args()
    if args.check:
        print("\n".join(check()))
        return
    given: dict[str, Any] = {}
    if args.class_ is not None:
        given["class"] = args.class_
    if args.condition is not None:
        given["condition"] = args.condition
    if args.input:
        given["input"] = np.load(args.input, allow_pickle=False)
    found = Model(args.function)(args.n, args.seed, **given)
    if args.out.endswith(".png"):
        Path(args.out).write_bytes(png(found["samples"]))
    else:
        np.savez(args.out, **found)  # type: ignore[arg-type]
    print(f"wrote {args.out}: " + ", ".join(f"{name} {value.shape}" for name, value in found.items()))


if __name__ == "__main__":
    main()
