"""The space of a search: what the command line's forms mean, and what is refused."""

from __future__ import annotations

import pytest

from ptarmigan import zoo
from ptarmigan.tuning.search import Choice, Range, dimensions


def searched(recipe="image.r1gan", **search):
    return dimensions(zoo.recipe(recipe), search)


def test_ranges_and_choices_have_the_types_of_the_options():
    space = searched(lr="1e-4..1e-2:log", width="16,32", batch="8..64")
    assert space == (
        Range("lr", 1e-4, 1e-2, log=True),
        Choice("width", (16, 32)),
        Range("batch", 8, 64, whole=True),
    )
    assert searched("toy.gan", lr=[0.1, 0.2]) == (Choice("lr", (0.1, 0.2)),)


def test_they_say_whether_a_value_is_among_them():
    lr, width = searched(lr="1e-4..1e-2:log", width="16,32")
    assert lr.holds(1e-3)
    assert not lr.holds(0.1)
    assert width.holds(32)
    assert not width.holds(24)


def test_their_words_are_read_back():
    space = searched(lr="0.0001..0.01:log", width="16,32", batch="8..64")
    assert searched(**{each.name: str(each) for each in space}) == space


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ({}, "nothing is searched"),
        ({"wodth": "1,2"}, "there is no option 'wodth'"),
        ({"width": "16"}, "two different values"),
        ({"width": "16,16"}, "two different values"),
        ({"width": "16,wide"}, "cannot have that value"),
        ({"lr": "1e-2..1e-4"}, "below the second"),
        ({"lr": "0..1:log"}, "above 0"),
        ({"lr": "a..b"}, "cannot have that value"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(search, words):
    with pytest.raises(ValueError, match=words) as refused:
        searched(**search)
    assert "\n" not in str(refused.value)
