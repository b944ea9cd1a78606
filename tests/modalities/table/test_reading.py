"""A csv is read as it is written: its dialect is found, and text stays what it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ptarmigan import TableGAN
from ptarmigan.data import cells
from ptarmigan.data.reading import Reading
from ptarmigan.modalities.point.source import Points
from ptarmigan.modalities.recognise import recognise
from ptarmigan.modalities.series.source import Series
from ptarmigan.modalities.table.describe import described_table
from ptarmigan.modalities.table.source import READ, Table, read_frame
from ptarmigan.modalities.vector.source import Vectors


def read(tmp_path, text, encoding="utf-8", name="t.csv"):
    """The frame in a file of that text."""
    (tmp_path / name).write_bytes(text.encode(encoding))
    return read_frame(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "encoding", "words"),
    [
        ("a,b\n1,x y\n2,ü\n", "utf-8", "commas"),
        ("a;b\n1;x y\n2;ü\n", "utf-8", "semicolons"),
        ("a\tb\r\n1\tx y\r\n2\tü\r\n", "utf-8-sig", "tabs"),
        ("a|b\n1|x y\n2|ü\n", "utf-16", "bars"),
        ("a,b\n1,x y,\n2,ü,\n", "utf-8", "one more at the end"),
        ('a, b\n1, "x y"\n\n2, "ü"\n', "utf-8", "commas"),
    ],
)
def test_dialects_are_found_and_said(tmp_path, text, encoding, words):
    frame = read(tmp_path, text, encoding)
    assert frame["a"].tolist() == [1, 2]
    assert frame["b"].tolist() == ["x y", "ü"]
    assert words in frame.attrs[READ][0]


@pytest.mark.parametrize(
    ("text", "encoding", "words"),
    [
        ("a,b\n1,2\n1\n", "utf-8", "line 3 has 1 cells"),
        ("a,b\n1,2,3\n", "utf-8", "line 2 has 3 cells"),
        ("a,b\n1,2,\n1,2\n", "utf-8", "some lines"),
        ("a,b;c\n1,2;3\n", "utf-8", "commas or semicolons"),
        ("a,b\n1,ü\n", "latin-1", "UTF-8"),
    ],
)
def test_what_cannot_be_told_is_refused(tmp_path, text, encoding, words):
    with pytest.raises(ValueError, match=words) as raised:
        read(tmp_path, text, encoding)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("cells", "dtype", "values"),
    [
        (["00501", "02116"], "str", ["00501", "02116"]),
        (["12E5", "3E2"], "str", ["12E5", "3E2"]),
        (["true", "false"], "str", ["true", "false"]),
        (["True", "False"], "bool", [True, False]),
        (["NA", "DE"], "str", ["NA", "DE"]),
        (["None", "Tea"], "str", ["None", "Tea"]),
        (["NA", "5"], "Int64", [None, 5]),
        (["null", "1.5e3"], "float64", [None, 1500.0]),
        (["9007199254740993", "1"], "int64", [9007199254740993, 1]),
        (["12345678901234567890123", "1"], "str", ["12345678901234567890123", "1"]),
        (["0.1", "-2"], "float64", [0.1, -2.0]),
    ],
)
def test_columns_are_what_is_written(tmp_path, cells, dtype, values):
    frame = read(tmp_path, "a,b\n" + "".join(f"{cell},1\n" for cell in cells))
    assert str(frame["a"].dtype) == dtype
    missing = [value is None for value in values]
    assert frame["a"].isna().tolist() == missing
    assert frame["a"].dropna().tolist() == [value for value in values if value is not None]


def test_what_was_understood_is_shown(tmp_path):
    rows = "".join(f"0{i % 7},{'NA' if i % 3 else 'DE'},{i / 4}\n" for i in range(60))
    read(tmp_path, "zip,country,x\n" + rows)
    lines, _ = described_table(Table(tmp_path / "t.csv"))
    said = "\n".join(lines)
    assert "read as UTF-8, cells between commas" in said
    assert "zip is text: its numbers have leading zeros" in said
    assert "country is text, and so is 'NA' in it" in said
    space = Table(tmp_path / "t.csv").open(batch=4).space
    assert np.count_nonzero(space.conditions.vector({"zip": "03", "country": "NA"})) == 2


@pytest.mark.parametrize(
    ("text", "options", "values", "words"),
    [
        ("a;b\n1,5;x\n-0,25;y\n", {}, [1.5, -0.25], "decimal commas"),
        ("a\tb\n1,5\tx\n2\ty\n", {}, [1.5, 2], "decimal commas"),
        ("a;b\n1,234;x\n5,678;y\n", {}, ["1,234", "5,678"], "--decimal , reads these"),
        ("a;b\n1,234;x\n5,678;y\n", {"decimal": ","}, [1.234, 5.678], "decimal commas"),
        ("a;b\n1,5;0.5\n2,5;1.5\n", {}, ["1,5", "2,5"], "--decimal , reads these"),
        ('a,b\n"1,5",x\n"2,5",y\n', {"separator": ",", "decimal": ","}, [1.5, 2.5], "decimal commas"),
        ("a;b\n1.234,5;x\n2,5;y\n", {}, ["1.234,5", "2,5"], "decimal commas"),
        ("a|b;c\n1|x;1\n2|y;2\n", {"separator": "|"}, [1, 2], "bars"),
        ("a\tb;c\n1\tx;1\n2\ty;2\n", {"separator": "tab"}, [1, 2], "tabs"),
        ("a,b\n007,1\n008,2\n", {"text": ("b",)}, ["007", "008"], "leading zeros"),
        ("a,b\n7,1\n8,2\n", {"text": ("a",)}, ["7", "8"], "commas"),
        ("a,b\n-,1\n8,2\n7,3\n", {}, ["-", "8", "7"], "all but '-' are numbers; --missing '-'"),
        ("a,b\n-,1\n8,2\n?,3\n", {"missing": ("-", "?")}, [None, 8, None], "commas"),
        ("a,b\nnone given,1\nx,2\n", {"missing": ("none given",)}, [None, "x"], "commas"),
        ("a,b\n-,1\n8,2\n", {"missing": ("-",), "text": ("a",)}, [None, "8"], "commas"),
        ("a,b\n-999,1\n-999,2\n5,3\n6,4\n", {}, [-999, -999, 5, 6], "-999 in 2 rows, far"),
        ("a,b\n-999,1\n-999,2\n5,3\n6,4\n", {"missing": ("-999",)}, [None, None, 5, 6], "commas"),
        (
            "a,b\n2024-01-01T10:00,1\n2024-01-02T11:30,2\n",
            {"text": ("a",)},
            ["2024-01-01T10:00", "2024-01-02T11:30"],
            "commas",
        ),
        ("1.5,2.5\n3,4\n5,6\n", {}, [3, 5], "the first line is taken for names: 1.5, 2.5"),
    ],
)
def test_what_is_noticed_is_said_and_can_be_said_otherwise(tmp_path, text, options, values, words):
    (tmp_path / "t.csv").write_text(text)
    frame = read_frame(tmp_path / "t.csv", Reading(**options))
    found = frame.iloc[:, 0]
    assert found.isna().tolist() == [value is None for value in values]
    assert found.dropna().tolist() == [value for value in values if value is not None]
    assert words in "\n".join(frame.attrs[READ])


def test_dates_that_are_written_otherwise_are_said(tmp_path):
    frame = read(tmp_path, "a,b\n2024-01-01T10:00,2024-01-01\n2024-01-02T11:30,2024-01-02\n")
    assert "a holds dates, which are written as 2024-01-01 10:00:00; --text a keeps" in frame.attrs[READ][1]
    assert len(frame.attrs[READ]) == 2


def test_an_encoding_is_said(tmp_path):
    (tmp_path / "t.csv").write_bytes("näme,b\nü,1\nö,2\n".encode("cp1252"))
    frame = read_frame(tmp_path / "t.csv", Reading(encoding="cp1252"))
    assert frame["näme"].tolist() == ["ü", "ö"]
    (tmp_path / "t.csv").write_bytes("näme,b\nü,1\n".encode("utf-8-sig"))
    assert read_frame(tmp_path / "t.csv", Reading(encoding="utf-8")).columns[0] == "näme"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"separator": ":"}, "--separator ':'"),
        ({"decimal": ";"}, "--decimal ';'"),
        ({"encoding": "latin-99"}, "--encoding latin-99"),
        ({"text": ("c",)}, "--text c: there is no such column; there are a, b"),
        ({"encoding": "ascii"}, "no ASCII text"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, options, words):
    (tmp_path / "t.csv").write_text("a,b\n1,ü\n")
    with pytest.raises(ValueError, match=words) as raised:
        read_frame(tmp_path / "t.csv", Reading(**options))
    assert "\n" not in str(raised.value)


def test_what_is_no_text_has_no_such_options(tmp_path):
    frame = pd.DataFrame({"a": range(9), "b": list("abcabcabc")})
    frame.to_parquet(tmp_path / "t.parquet")
    for data in (frame, str(tmp_path / "t.parquet"), "iris"):
        with pytest.raises(ValueError, match="--missing is of text files"):
            Table(data, missing=("-",)).open(batch=2)
    for options in (
        Series(np.zeros((9, 2)), decimal=","),
        Vectors(np.zeros((9, 2)), decimal=","),
        Points("ring", decimal=","),
    ):
        with pytest.raises(ValueError, match="--decimal is of text files, and"):
            options.open(batch=2)


def test_numbers_without_names_are_said_to_be_so(tmp_path):
    with pytest.raises(ValueError, match="first line holds numbers and no names"):
        read(tmp_path, "1,1\n2,3\n")


ROWS = [(i / 4, -i % 7, i * 0.5 + 1000) for i in range(40)]
WRITINGS = {
    "commas": (",", ".", "utf-8"),
    "semicolons": (";", ",", "utf-8"),
    "tabs": ("\t", ",", "utf-16"),
    "bars": ("|", ".", "utf-8-sig"),
}


@pytest.mark.parametrize("name", WRITINGS)
@pytest.mark.parametrize("named", [True, False])
def test_one_reading_for_tables_series_vectors_and_points(tmp_path, name, named):
    separator, decimal, encoding = WRITINGS[name]
    lines = [separator.join(str(v).replace(".", decimal) for v in row) for row in ROWS]
    path = tmp_path / "t.csv"
    path.write_bytes("\r\n".join([separator.join("abc")] * named + lines).encode(encoding))
    expected = pd.DataFrame(ROWS, columns=["a", "b", "c"], dtype=float)
    assert Vectors(str(path)).open(batch=2).source.raw.tolist() == expected.to_numpy().tolist()
    assert Points(str(path)).open(batch=2).source.raw.tolist() == expected.to_numpy("float32").tolist()
    assert recognise(str(path)).modality.name == ("table" if named else "point")
    if named:
        assert read_frame(path).astype(float).equals(expected)
        samples = Series(str(path), length=40).open(batch=1)
        assert samples.source.raw[0].tolist() == expected.to_numpy().tolist()
        assert samples.space.names == ("a", "b", "c")
        assert samples.understood[0].startswith("read as")
        assert Vectors(str(path)).open(batch=2).space.columns == ("a", "b", "c")


def test_a_file_is_unpacked_once(tmp_path, monkeypatch):
    opened = []
    unpacked = cells.unpacked
    monkeypatch.setattr(cells, "unpacked", lambda path: opened.append(path) or unpacked(path))
    read(tmp_path, "a,b\n1,2\n3,4\n")
    assert len(opened) == 1


def test_the_command_line_says_and_takes_it(cli, tmp_path):
    rows = "".join(f"0{i % 7};{i / 4};{'-' if i % 5 == 0 else i}\n".replace(".", ",") for i in range(60))
    (tmp_path / "t.csv").write_text("zip;price;count\n" + rows)
    looked = cli("data", "t.csv")
    assert "read as UTF-8, cells between semicolons, decimal commas" in looked.stdout
    assert "count is text: all but '-' are numbers; --missing '-'" in looked.stdout
    said = ["--missing", "-", "--text", "price"]
    looked = cli("data", "t.csv", *said).stdout.partition("\nvalues of fewer")[0].splitlines()
    kinds = {line.split()[0]: line.split()[1] for line in looked if line[:5] in ("zip  ", "price", "count")}
    assert kinds == {"zip": "categorical", "price": "id", "count": "integer"}
    train = ["train", "t.csv", "--steps", "2", "--out", "r", "--missing", "-", "--decimal", ","]
    trained = cli(*train)
    assert trained.returncode == 0, trained.stderr
    assert "zip is text" in trained.stderr + trained.stdout
    assert cli("score", "r", "--n", "50", "--held-out", "t.csv", "--metrics", "shapes").returncode == 0
    pair = ["score", "--real", "t.csv", "--fake", "t.csv", "--metrics", "shapes", "--json"]
    assert cli(*pair, *said).returncode == 0
    loaded = TableGAN.load(tmp_path / "r").set_params(steps=1)  # and fitted to a frame, which is no file
    assert len(loaded.fit(read_frame(tmp_path / "t.csv")).sample(3)) == 3
    wrong = cli("data", "t.csv", "--text", "nothing")
    assert (wrong.returncode, len(wrong.stderr.strip().splitlines())) == (2, 2), wrong.stderr
