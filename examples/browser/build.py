"""Write a page that draws a generator's samples in a browser, without a server.

    ptarmigan train image.dcgan --data digits --out runs/digits
    ptarmigan export runs/digits --out exported
    npm install --prefix examples/browser
    python examples/browser/build.py exported page

Open ``page/index.html``. A page that is opened from a disk may not fetch files beside it, so ONNX Runtime's
WebAssembly and the model are written into a script as base64. Nothing is loaded from elsewhere.
"""

from __future__ import annotations

import base64
import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
RUNTIME = HERE / "node_modules" / "onnxruntime-web" / "dist"
SCRIPT, LOADER, BINARY = "ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"


def main(exported: Path, out: Path, runtime: Path = RUNTIME) -> None:
    """The page of what ``ptarmigan export`` wrote.

    Raises:
        SystemExit: it makes no pixels, or ONNX Runtime is not there.
    """
    if not (runtime / BINARY).exists():
        raise SystemExit(f"{runtime} has no {BINARY}: npm install --prefix {HERE}")
    config = json.loads((exported / "config.json").read_text(encoding="utf-8"))
    name, function = next(iter(config["functions"].items()))
    outputs = {one["name"]: one for one in function["outputs"]}
    if outputs.get("samples", {}).get("dtype") != "uint8" or len(outputs["samples"]["shape"]) != 3:
        raise SystemExit(f"the {name} of {exported} makes no pixels")
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "index.html", out / "index.html")
    shutil.copyfile(runtime / SCRIPT, out / "ort.js")
    parts = {
        "loader": encoded(runtime / LOADER),
        "binary": encoded(runtime / BINARY),
        "model": encoded(exported / function["file"]),
        "recipe": config["recipe"],
        "classes": config["classes"],
        "function": function,
    }
    (out / "parts.js").write_text(f"const PARTS = {json.dumps(parts)};\n", encoding="utf-8")
    print(f"wrote {out / 'index.html'}")


def encoded(file: Path) -> str:
    """A file as base64."""
    return base64.b64encode(file.read_bytes()).decode("ascii")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
