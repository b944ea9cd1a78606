"""Messages are best effort, results are not: whatever stands behind stderr and stdout."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from ptarmigan.media import console

PROGRAM = """
import sys
from ptarmigan.media.console import deliver, open_streams, say
open_streams()
say("a message")
kept = open(sys.argv[1], "w")
kept.write("work")
kept.close()
if sys.argv[2] == "result":
    print("a result: caf\\udce9 \\u96ea")
sys.exit(deliver(0))
"""
FULL = Path("/dev/full")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""}


def ended(place: Path, redirection: str, what: str = "result", **env: str) -> tuple[int, str, str]:
    """How a program ended whose streams a shell redirected, and what it said on those that are left."""
    script = f'exec "$0" -c "$1" "$2" "$3" {redirection}'
    words = ["sh", "-c", script, sys.executable, PROGRAM, str(place / "file"), what]
    done = subprocess.run(words, capture_output=True, timeout=60, env=ENVIRONMENT | env)
    assert (place / "file").read_text() == "work"
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def test_both_are_written(tmp_path: Path) -> None:
    assert ended(tmp_path, "") == (0, "a result: caf\\udce9 雪\n", "a message\n")


@pytest.mark.parametrize("closed", ["2>&-", "0<&- 2>&-", "2>/dev/full"])
def test_messages_that_cannot_be_written_cost_nothing(tmp_path: Path, closed: str) -> None:
    if "full" in closed and not FULL.exists():
        pytest.skip("this system has no /dev/full")
    code, out, _ = ended(tmp_path, closed)
    assert (code, out) == (0, "a result: caf\\udce9 雪\n")


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-", "0<&- >&- 2>&-", ">/dev/full", ">/dev/full 2>&1"])
def test_results_that_cannot_be_written_are_a_failure(tmp_path: Path, closed: str) -> None:
    if "full" in closed and not FULL.exists():
        pytest.skip("this system has no /dev/full")
    code, _, err = ended(tmp_path, closed)
    assert code == 1
    assert "could not be written" in err or "2>" in closed
    assert ended(tmp_path, closed, "nothing")[0] == 0, "nothing was to be printed"


@pytest.mark.parametrize(("redirection", "code"), [("2>&1 >/dev/null | exit", 0), ("| exit", console.PIPE)])
def test_a_reader_that_went_away(tmp_path: Path, redirection: str, code: int) -> None:
    script = f'{{ "$0" -c "$1" "$2" result; echo $? >"$3"; }} {redirection}'.replace(
        "| exit", '| (exec <&-; while [ ! -s "$3" ]; do sleep 0.05; done)'
    )
    words = ["sh", "-c", script, sys.executable, PROGRAM, str(tmp_path / "file"), str(tmp_path / "code")]
    subprocess.run(words, timeout=60, env=ENVIRONMENT, check=True)
    assert int((tmp_path / "code").read_text()) == code
    assert (tmp_path / "file").read_text() == "work"


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "gbk"])
def test_characters_that_an_old_encoding_has_not_are_numbers(tmp_path: Path, encoding: str) -> None:
    code, out, _ = ended(tmp_path, "", PYTHONIOENCODING=encoding)
    assert code == 0
    assert out.startswith("a result: caf\\udce9")


def test_characters_of_a_message_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="latin-1", errors="strict"))
    console.say("é 雪")
    assert raw.getvalue().decode("latin-1") == "\\xe9 \\u96ea\n"
