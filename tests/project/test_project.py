"""The project's promises about itself: what an import costs, what a name is, what the hook checks."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import torch
from conftest import ROOT, Cli, environment, modules_with_shapes
from jaxtyping import TypeCheckError, install_import_hook
from packaging.requirements import Requirement

import ptarmigan

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
HEAVY = {"torch", "numpy", "scipy", "sklearn", "matplotlib", "PIL", "tyro", "rich", "pydantic"}


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout


@pytest.mark.parametrize("code", ["import ptarmigan", "from ptarmigan.cli import help_text; help_text()"])
def test_nothing_heavy_is_imported_before_it_is_needed(code: str) -> None:
    loaded = python(f"import sys\n{code}\nprint(*sys.modules)").split()
    assert HEAVY.isdisjoint(loaded)


def test_training_needs_torch_and_numpy_and_little_else_to_begin() -> None:
    loaded = python("import sys, ptarmigan\nptarmigan.train, ptarmigan.load\nprint(*sys.modules)").split()
    assert (HEAVY - {"torch", "numpy", "PIL"}).isdisjoint(loaded)


@pytest.mark.parametrize("name", ptarmigan.__all__)
def test_every_exported_name_is_there(name: str) -> None:
    assert getattr(ptarmigan, name) is not None


def test_what_type_checkers_see_is_what_is_exported() -> None:
    source = (ROOT / "ptarmigan" / "__init__.py").read_text()
    block = source.split("if TYPE_CHECKING:")[1].split("__version__")[0]
    seen = {
        name: home
        for home, names in re.findall(r"from (\S+) import (.+)", block)
        for name in names.split(", ")
    }
    assert seen == ptarmigan._HOMES
    assert sorted([*seen, "__version__"]) == sorted(ptarmigan.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        ptarmigan.trian  # noqa: B018


def test_the_version_is_the_same_everywhere(cli: Cli) -> None:
    assert cli("--version").stdout.split() == ["ptarmigan", ptarmigan.__version__]
    assert f"version: {ptarmigan.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_every_dependency_is_pinned() -> None:
    pins = {normal(line.split("==")[0]) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *(name for extra in extras.values() for name in extra)]
    names = {normal(re.match(r"[\w.-]+", requirement)[0]) for requirement in wanted}
    assert names - pins == {"ptarmigan"}
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().splitlines()


def test_all_extras_fit_together() -> None:
    """``all`` is every extra of use, and one version of each package is right for all of them."""
    extras = PROJECT["project"]["optional-dependencies"]
    assert Requirement(extras["all"][0]).extras == extras.keys() - {"all", "test"}
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    )
    versions = {normal(name): version for name, version in pins.items()}
    wanted = [*PROJECT["project"]["dependencies"], *(name for extra in extras.values() for name in extra)]
    asked = [r for r in map(Requirement, wanted) if r.name != "ptarmigan"]
    assert [str(r) for r in asked if not r.specifier.contains(versions[normal(r.name)])] == []


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_hook_checks_shapes_and_only_shapes(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(
        "from __future__ import annotations\n"
        "from jaxtyping import Float\n"
        "from torch import Tensor\n"
        "def add(x: Float[Tensor, 'batch channel'], y: Float[Tensor, 'batch'], scale: str) -> "
        "Float[Tensor, 'batch channel'] | None:\n"
        "    return (x + y[:, None]) if scale else x[0]\n"
    )
    sys.path.insert(0, str(tmp_path))
    hook = install_import_hook(["planted"], "shapes.checked")
    try:
        import planted
    finally:
        hook.uninstall()
        sys.path.remove(str(tmp_path))
        sys.modules.pop("planted", None)
    x, y = torch.zeros(3, 2), torch.zeros(3)
    assert planted.add(x, y, scale=1).shape == (3, 2)
    with pytest.raises(TypeCheckError, match="batch=3"):
        planted.add(x, torch.zeros(2), scale=1)
    with pytest.raises(TypeCheckError, match=r"dtype|Float"):
        planted.add(x.int(), y, scale=1)
    with pytest.raises(TypeCheckError, match="return value"):
        planted.add(x, y, scale=0)


def test_modules_with_shapes_are_under_the_hook() -> None:
    found = modules_with_shapes()
    assert {"ptarmigan.core.latents", "ptarmigan.nets.mlp", "ptarmigan.zoo.image.began"} <= set(found)
    for name in found:
        loader = importlib.import_module(name).__spec__.loader
        assert "_JaxtypingLoader" in type(loader).__name__, name


def test_python_m_ptarmigan_is_the_command_line(cli: Cli) -> None:
    done = cli("--help")
    assert done.returncode == 0
    assert "usage: ptarmigan COMMAND" in done.stdout
    assert cli("trian").returncode == 2


def test_the_main_module_does_nothing_when_imported() -> None:
    spec = spec_from_file_location("main_module", ROOT / "ptarmigan" / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(module_from_spec(spec))
