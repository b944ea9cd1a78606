"""What libraries say stays with those who ask for it; what we say is a line."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings

import pytest
from conftest import environment

from ptarmigan.media.quiet import libraries_quiet

PROGRAM = """
import logging, os, sys, warnings
from ptarmigan.core.errors import Notice
from ptarmigan.media.console import say
from ptarmigan.media.quiet import libraries_quiet
before = sys.stderr
with libraries_quiet():
    os.write(2, b"ZIPDecode: Decoding error at scanline 0")  # as libtiff does
    warnings.warn("overflow encountered in cast", RuntimeWarning)
    warnings.warn(Notice("the file\\nis damaged"))
    logging.getLogger("matplotlib.font_manager").warning("findfont: not found")
    say("step 1")
assert sys.stderr is before
os.write(2, b"a crash\\n")
warnings.warn("for developers")
"""


def test_only_our_words_reach_stderr() -> None:
    words = [sys.executable, "-W", "always", "-c", PROGRAM]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, timeout=60, check=True)
    *ours, last = done.stderr.splitlines()
    assert ours == ["ptarmigan: the file is damaged", "step 1", "a crash"]
    assert last.endswith("UserWarning: for developers")


def test_afterwards_all_is_as_before() -> None:
    before = sys.stderr, warnings.showwarning, logging.lastResort
    with pytest.raises(KeyError), libraries_quiet():
        raise KeyError
    assert (sys.stderr, warnings.showwarning, logging.lastResort) == before
