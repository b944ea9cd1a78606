"""What the command line takes data for, and how a person says otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Cli


@pytest.fixture
def people(tmp_path: Path) -> Path:
    rows = {"age": np.arange(60) % 40 + 20, "income": np.arange(60) * 1.5, "group": list("ab") * 30}
    pd.DataFrame(rows).to_csv(tmp_path / "people.csv", index=False)
    return tmp_path / "people.csv"


def recipe_in(folder: Path) -> str:
    return json.loads((folder / "run.json").read_text())["recipe"]


def test_a_csv_with_names_trains_the_default_of_tables(cli: Cli, people: Path, tmp_path: Path) -> None:
    done = cli("train", "people.csv", "--steps", "2", "--batch", "8", "--score-samples", "20", "--out", "run")
    assert done.returncode == 0, done.stderr
    said = "people.csv is recognised as rows of a table: a csv of 3 named columns; training table.tvae"
    assert said in done.stderr.splitlines()
    assert recipe_in(tmp_path / "run") == "table.tvae"


def test_a_person_says_the_kind_where_data_do_not_tell(cli: Cli, people: Path, tmp_path: Path) -> None:
    pd.read_csv(people).drop(columns="group").to_csv(people, index=False)
    wanted = ("--kind", "series", "--length", "8", "--steps", "2", "--batch", "8", "--score-samples", "20")
    done = cli("train", "people.csv", *wanted, "--out", "run")
    assert done.returncode == 0, done.stderr
    assert recipe_in(tmp_path / "run") == "series.doppelganger"


def test_a_set_by_name_trains_the_default_of_its_kind(cli: Cli, tmp_path: Path) -> None:
    done = cli("train", "moons", "--steps", "2", "--batch", "8", "--width", "8", "--out", "run")
    assert done.returncode == 0, done.stderr
    assert recipe_in(tmp_path / "run") == "toy.r3gan"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("train", "people.csv", "--kind", "smell"),
            "there is no kind of data 'smell'; there are field, image, label",
        ),
        (("train", "people.csv", "--kind"), "--kind needs a value"),
        (("train", "people.csv", "--kind", "label"), "no recipe is the default for label maps"),
        (("train", "./nowhere"), "there is no data './nowhere'"),
        (("train", "toy.gam"), "did you mean toy.gan"),
        (("data", "people.csv", "--size", "8"), "--size: people.csv is recognised as rows of a table"),
        (("check",), "name a recipe, or a kind of data"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    cli: Cli, people: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = cli(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert words in done.stderr


def test_check_puts_a_modality_through_its_contract(cli: Cli) -> None:
    done = cli("check", "--modality", "point")
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ok ") == len(done.stdout.splitlines()) > 8
