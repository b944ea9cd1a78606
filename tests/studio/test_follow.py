"""Logs of any length are read once, and what is sent of them is what is new."""

from __future__ import annotations

import json
import random

import pytest

from ptarmigan.studio.curve import POINTS, LongCurve
from ptarmigan.studio.follow import EVENTS, Followed


def joined(points, found):
    """What a page makes of it."""
    return [p for p in points if p[0] <= found["after"]] + found["points"]


def long(n: int) -> LongCurve:
    curve = LongCurve()
    for i in range(n):
        curve.add(i, float(i % 7), i + 1)
    return curve


def test_a_curve_keeps_its_mean_its_ends_and_its_place_in_flat_memory():
    curve, n = long(100_000), 100_000
    assert POINTS <= len(curve.points) < 2 * POINTS
    assert sum(p.count for p in curve.points) == n
    assert curve.points[-1].step == n - 1
    assert sum(p.mean * p.count for p in curve.points) / n == pytest.approx(sum(i % 7 for i in range(n)) / n)
    assert {(p.low, p.high) for p in curve.points[:-1]} == {(0, 6)}


def test_a_short_curve_is_every_value():
    assert [p[:2] for p in long(5).since(0)["points"]] == [[i, i % 7] for i in range(5)]


def test_what_a_page_gets_bit_by_bit_is_what_it_would_get_at_once():
    rng = random.Random(0)
    curve, page, mark = LongCurve(), [], 0
    for i in range(5_000):
        curve.add(i, rng.random(), i + 1)
        if rng.random() < 0.01 and (found := curve.since(mark)):
            page, mark = joined(page, found), i + 1
    if found := curve.since(mark):
        page = joined(page, found)
    assert page == curve.since(0)["points"]
    assert curve.since(5_000) is None


def write(folder, name, *lines):
    with open(folder / name, "a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def line(step, **more):
    return {"step": step, "samples": step * 8, "generator": step / 2, **more}


def test_a_log_is_read_from_where_it_was_left(tmp_path):
    followed = Followed(tmp_path)
    followed.read()
    assert followed.progress.step == 0
    write(tmp_path, "log.jsonl", line(1), line(2, **{"score/modes": 3, "vital/auc": 0.5, "data/x": 1}))
    write(tmp_path, "clock.jsonl", {"step": 2, "seconds": 1.5, "speed": 9})
    followed.read()
    mark, first = followed.mark, followed.since("")
    assert first["fresh"]
    assert first["terms"]["generator"]["points"] == [[1, 0.5, 0.5, 0.5], [2, 1, 1, 1]]
    assert first["scores"]["modes"]["points"] == [[2, 3, 3, 3]]
    assert [*first["vitals"]] == ["auc"]
    assert first["seconds"]["points"] == [[2, 1.5, 1.5, 1.5]]
    with open(tmp_path / "log.jsonl", "a") as file:
        file.write('{"step": 3, "gener')
    followed.read()
    assert followed.mark == mark
    with open(tmp_path / "log.jsonl", "a") as file:
        file.write('ator": 9.0}\n{"step": 4, "event": "went back to step 2"}\nnonsense\n')
    followed.read()
    more = followed.since(mark)
    assert not more["fresh"]
    assert more["terms"] == {"generator": {"after": 2, "points": [[3, 9, 9, 9]]}}
    assert (more["events"], more["seconds"], more["scores"]) == ([[4, "went back to step 2"]], None, {})


def test_a_log_that_was_cut_back_is_read_anew(tmp_path):
    write(tmp_path, "log.jsonl", *map(line, range(9)))
    followed = Followed(tmp_path)
    followed.read()
    mark = followed.mark
    other = tmp_path / "draft"
    other.mkdir()
    write(other, "log.jsonl", *map(line, range(3)))
    (other / "log.jsonl").replace(tmp_path / "log.jsonl")
    followed.read()
    assert followed.progress.step == 2
    found = followed.since(mark)
    assert found["fresh"]
    assert len(found["terms"]["generator"]["points"]) == 3


@pytest.mark.parametrize("mark", ["", "x", "1.2.3", "-1.-1.-1.-1", "9" * 90, "0.0.0.0", "1e9.1.1.1"])
def test_a_mark_of_anything_gets_everything(tmp_path, mark):
    write(tmp_path, "log.jsonl", line(1))
    followed = Followed(tmp_path)
    followed.read()
    assert followed.since(mark)["terms"]["generator"]["points"] == [[1, 0.5, 0.5, 0.5]]


def test_a_log_of_anybody_takes_no_more_than_its_share(tmp_path):
    write(tmp_path, "log.jsonl", *({"step": i, f"term {i}": 1.0} for i in range(1_000)))
    write(tmp_path, "log.jsonl", *({"step": i, "event": "x"} for i in range(1_000)))
    with open(tmp_path / "log.jsonl", "a") as file:
        file.write("x" * (9 << 20) + "\n" + json.dumps(line(7_000)) + "\n")
    followed = Followed(tmp_path)
    followed.read()
    assert followed.progress.step == 7_000
    assert len(followed.progress.curves) == 200
    assert len(followed.progress.events) == EVENTS


def test_only_what_is_new_of_a_long_log_is_read(tmp_path, monkeypatch):
    write(tmp_path, "log.jsonl", *map(line, range(20_000)))
    followed = Followed(tmp_path)
    followed.read()
    read = []
    monkeypatch.setattr("ptarmigan.studio.follow.read_line", lambda text: read.append(text))
    write(tmp_path, "log.jsonl", line(20_001), line(20_002))
    followed.read()
    assert len(read) == 2
    assert len(json.dumps(followed.since(""))) < 200_000
