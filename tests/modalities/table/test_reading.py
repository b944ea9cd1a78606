"""A csv is read as it is written: its dialect is found, and text stays what it is."""

from __future__ import annotations

import numpy as np
import pytest

from ptarmigan.modalities.table.describe import described_table
from ptarmigan.modalities.table.source import READ, Table, read_frame


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
    assert np.count_nonzero(space.conditions.asked({"zip": "03", "country": "NA"})) == 2
