"""What is installed is what is here: the wheel, the sdist, the recipe of conda and the image of Docker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import ptarmigan

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONDA = {"matplotlib": "matplotlib-base", "torch": "pytorch"}
"""What has another name at conda-forge."""
UNLOCKED = {"mlflow-skinny", "swanlab", "wandb"}
"""Trackers are no part of the extra ``test``."""


def done(*words: str, cwd: Path = ROOT, **more: str) -> str:
    end = subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "OMP_NUM_THREADS": "1", **more},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert end.returncode == 0, end.stdout + end.stderr
    return end.stdout


def others() -> set[str]:
    """Files of the package that are no Python, and one that is run alone."""
    found = {
        str(p.relative_to(ROOT))
        for p in (ROOT / "ptarmigan").rglob("*")
        if p.is_file() and p.suffix not in {".py", ".pyc"}
    }
    return found | {"ptarmigan/exports/use.py"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done(
        "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), "."
    )
    (file,) = folder.glob("*.whl")
    return file


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = others()
    assert {"ptarmigan/py.typed", "ptarmigan/studio/static/index.html"} <= wanted
    assert {"ptarmigan/studio/static/lessons.json", "ptarmigan/studio/static/zh.json"} <= wanted
    assert wanted - names == set()
    assert {str(p.relative_to(ROOT)) for p in (ROOT / "ptarmigan").rglob("*.py")} - names == set()
    assert {name for name in names if not name.startswith(("ptarmigan/", "ptarmigan-"))} == set()


def test_the_wheel_runs_where_the_checkout_is_not(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "there")
    there = {"PYTHONPATH": str(tmp_path / "there")}
    home = done("-c", "import ptarmigan; print(ptarmigan.__file__)", cwd=tmp_path, **there)
    assert Path(home.strip()).is_relative_to(tmp_path)
    assert "train" in done("-m", "ptarmigan", "--help", cwd=tmp_path, **there)


def test_the_sdist_has_what_its_tests_read(tmp_path: Path) -> None:
    done("-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path))
    (file,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no git checkout")
    ours = {name for name in listed.stdout.splitlines() if not name.startswith(".ci/")}
    assert ours - names == set()


def test_the_conda_recipe_is_of_this_version_and_needs_the_same() -> None:
    recipe = (ROOT / "packaging" / "conda" / "meta.yaml").read_text()
    assert re.search(r'version: "(.+)"', recipe)[1] == ptarmigan.__version__
    block = re.search(r"^  run:\n((?:    - .+\n)+)", recipe, re.MULTILINE)[1]
    said = {Requirement(line.removeprefix("    - ")) for line in block.splitlines()}
    wanted = {Requirement(f"python {PROJECT['project']['requires-python']}")}
    for requirement in map(Requirement, PROJECT["project"]["dependencies"]):
        requirement.name = CONDA.get(requirement.name, requirement.name.lower())
        wanted.add(requirement)
    assert sorted(map(str, said)) == sorted(map(str, wanted))


def test_the_page_on_installing_has_every_extra() -> None:
    page = (ROOT / "docs" / "install.md").read_text()
    extras = PROJECT["project"]["optional-dependencies"].keys()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == extras


def test_the_docker_image_takes_what_the_build_needs() -> None:
    copied = re.search(r"^COPY (.+) /source/$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1].split()
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    needed = {"pyproject.toml", PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]}
    assert needed <= {*copied}
    assert {*copied, "ptarmigan"} == kept


def test_the_lock_has_every_pin_with_hashes() -> None:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    lock = (ROOT / "requirements.lock").read_text()
    entry = r"^([\w.-]+)==(\S+)(.*\n(?:    --hash=sha256:[0-9a-f]{64}.*\n)+)"
    entries = re.findall(entry, lock, re.MULTILINE)
    locked = {canonicalize_name(name): version for name, version, _ in entries}
    assert len(locked) == len(re.findall(r"^[\w]", lock, re.MULTILINE))
    wanted = {canonicalize_name(name): version for name, version in pins.items()}
    assert {name for name, version in wanted.items() if locked.get(name) != version} == UNLOCKED


def test_the_groups_are_the_tools_of_the_extra() -> None:
    groups = PROJECT["dependency-groups"]
    tools = [*groups["lint"], *(name for name in groups["test"] if isinstance(name, str))]
    extra = PROJECT["project"]["optional-dependencies"]["test"]
    assert sorted(tools) == sorted(name for name in extra if not name.startswith("ptarmigan["))
