"""What is said of a table's columns."""

from __future__ import annotations

import pandas as pd
from test_table import everything

from ptarmigan.modalities.table.describe import described_table
from ptarmigan.modalities.table.source import Table


def test_every_column_is_named_with_what_it_is_taken_for():
    frame = everything(missing=True)
    frame["id"] = range(len(frame))
    lines, picture = described_table(Table(frame))
    said = {line[:22].strip(): line for line in lines[6 : 6 + len(frame.columns)]}
    assert list(said) == [str(name) for name in frame.columns]
    assert "always 5" in said["five"]
    assert "nothing" in said["no text"]
    assert "2020-01-" in said["moment"]
    assert "new ones" in said["id"]
    assert str(int(frame["float"].isna().sum())) in said["float"]
    assert str(frame["count"].nunique()) in said["count"]
    assert f"x ({(frame['object'] == 'x').sum()})" in said["object"]
    assert "120 rows of 21 columns" in lines[1]
    assert picture.size[0] > 100


def test_the_command_line_knows_tables(cli, tmp_path):
    long = "a value that is far too long to be shown\nin one line"
    pd.DataFrame({"n": [1.5, 2.5, 2.5], "c": ["x", "x", long]}).to_csv(tmp_path / "t.csv", index=False)
    done = cli("data", "t.csv", "--out", "t.png")
    assert done.returncode == 0, done.stderr
    assert "1.5 to 2.5" in done.stdout
    assert "x (2), a value that is far too long …" in done.stdout
    assert (tmp_path / "t.png").exists()
