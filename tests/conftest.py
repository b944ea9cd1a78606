from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from jaxtyping import install_import_hook

ROOT = Path(__file__).resolve().parents[1]


def modules_with_shapes() -> list[str]:
    """The modules that annotate shapes: to check every call of the others takes half of the suite's time."""
    files = (ROOT / "ptarmigan").rglob("*.py")
    found = [file.relative_to(ROOT) for file in files if "from jaxtyping import" in file.read_text("utf-8")]
    return [".".join(file.with_suffix("").parts) for file in found]


install_import_hook(modules_with_shapes(), "shapes.checked")  # before anything imports ptarmigan

import pytest  # noqa: E402
import torch  # noqa: E402
from forked import Starter  # noqa: E402
from hypothesis import Phase, settings  # noqa: E402

torch.set_num_threads(1)
PHASES = (Phase.explicit, Phase.generate)  # to shrink an example of training takes minutes
settings.register_profile(
    "suite", derandomize=True, database=None, deadline=None, max_examples=40, phases=PHASES
)
settings.load_profile("suite")

pytest_plugins = ["latent_runs"]

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def known_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Torch's global generator starts every test alike, and what a test sets for the process ends with it."""
    torch.manual_seed(0)
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The real data: ``$PTARMIGAN_DATA``, then ``../shared/data``."""
    named = os.environ.get("PTARMIGAN_DATA")
    places = [Path(named)] if named else []
    places.append(ROOT.parent / "shared" / "data")
    for place in places:
        if place.is_dir():
            return place
    pytest.skip(f"no real data in {' or '.join(map(str, places))}")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for runs, in a working directory of the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "runs"


def environment() -> dict[str, str]:
    """What a subprocess needs to import this checkout, and to keep to one core."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    """Starts commands sooner."""
    starter = Starter(environment())
    yield starter
    starter.end()


@pytest.fixture
def cli(tmp_path: Path, starter: Starter) -> Cli:
    """``cli("train", "image.dcgan", ...)``: the command line in a process of its own, in ``tmp_path``."""

    def call(*arguments: str | Path, timeout: float = 240, **env: str) -> subprocess.CompletedProcess[str]:
        return starter([*map(str, arguments)], tmp_path, {**environment(), **env}, timeout)

    return call
