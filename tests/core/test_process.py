"""What belongs to the whole process is as it was, also where blocks of several threads overlap."""

from __future__ import annotations

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from ptarmigan.core.process import SMALL, deterministic, ignored, suitable, threads


def overlapping(block) -> None:
    """Two threads' blocks, of which the one that is entered first is left first."""
    first, second, left = threading.Event(), threading.Event(), threading.Event()

    def begin() -> None:
        with block():
            first.set()
            second.wait(10)
        left.set()

    def follow() -> None:
        first.wait(10)
        with block():
            second.set()
            left.wait(10)

    both = [threading.Thread(target=work) for work in (begin, follow)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(20)


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_a_flag_is_as_it_was_after_the_last_block(mode):
    torch.set_deterministic_debug_mode(mode)
    try:
        overlapping(deterministic)
        assert torch.get_deterministic_debug_mode() == mode
        with deterministic(), deterministic():
            assert torch.get_deterministic_debug_mode() == 2
        assert torch.get_deterministic_debug_mode() == mode
    finally:
        torch.set_deterministic_debug_mode(0)


def test_blocks_of_threads_overlap_and_nest():
    before = torch.get_num_threads()
    overlapping(lambda: threads(before + 2))
    assert torch.get_num_threads() == before
    seen = []
    with threads(3):
        with threads(2):
            seen.append(torch.get_num_threads())
        seen.append(torch.get_num_threads())
        assert suitable(nn.Linear(10, 10), SMALL) == 3
        assert suitable(nn.Linear(10, 10), 10) == 1
        late = threading.Thread(target=lambda: seen.append(threads.original()))
        late.start()
        late.join()
    assert seen == [2, 3, before]
    assert torch.get_num_threads() == before


def test_filters_of_warnings_are_as_they_were_and_only_one_kind_is_ignored():
    before = list(warnings.filters)

    def ignoring(_: int) -> None:
        for _ in range(50):
            with ignored(RuntimeWarning):
                warnings.warn("not seen", RuntimeWarning, stacklevel=1)

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(ignoring, range(4))] == [None] * 4
    assert warnings.filters == before
    with ignored(RuntimeWarning), pytest.raises(UserWarning, match="seen"):
        warnings.warn("seen", UserWarning, stacklevel=1)
