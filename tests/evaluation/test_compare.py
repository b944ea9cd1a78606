"""Runs side by side: what differs is called different, and what may be chance or is unlike is not."""

from __future__ import annotations

import io
import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from page import opened
from PIL import Image
from rich.console import Console
from scipy.stats import ttest_ind

import ptarmigan
import ptarmigan.evaluation.compare  # the module must not stand in the way of the function
from ptarmigan import cli
from ptarmigan.api import compare
from ptarmigan.contract import recipes as contract
from ptarmigan.evaluation import runs, written
from ptarmigan.evaluation import score as scoring
from ptarmigan.evaluation.compare import Comparison
from ptarmigan.metrics.differences import by_errors, holm, welch
from ptarmigan.metrics.estimate import Estimate
from ptarmigan.metrics.measure import Scale
from ptarmigan.metrics.panel import Score
from ptarmigan.report.compare import terminal
from ptarmigan.training.settings import Settings

NASTY = "<script>alert('1')</script>[bold]"
PROTOCOL = "features pixels (pixels-1); 200 samples against 100"


def entry(value, error=0.1, *, lower=True, protocol=PROTOCOL, floor=0.5, **more):
    direction = "lower is better" if lower else "higher is better"
    both = {"value": value, "unit": "units", "floor": floor, "direction": direction, "protocol": protocol}
    return both | {"error": error} | more


@pytest.fixture
def make(tmp_path):
    """``make("a", 3.0)``: a run's folder whose first score is that; returns the folder."""

    def made(name, value=1.0, *, seed=0, recipe="image.gan", scores=None, step=100, settings=None, **options):
        place = tmp_path / name
        (place / "samples").mkdir(parents=True)
        described = {
            "recipe": recipe,
            "options": {"data": "ring", "seed": seed, "lr": 0.1, **options},
            "settings": {**asdict(Settings(score_samples=200)), **(settings or {})},
            "commit": "abc",
        }
        (place / "run.json").write_text(json.dumps(described))
        whole = {"distance": entry(value)} if scores is None else scores
        kept = {"run": name, "step": step, "samples": 200, "seed": 0, "scores": whole}
        (place / "scores.json").write_text(json.dumps(kept))
        lines = [{"step": s, "samples": s, "score/distance": 100 / s} for s in range(10, step + 1, 10)]
        (place / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        Image.new("L", (40, 40), seed).save(place / "samples" / f"step-{step:08d}.png")
        return place

    return made


def seeds(make, name, values, **more):
    return [make(f"{name}{i}", v, seed=i, **more) for i, v in enumerate(values)]


def printed(found: Comparison) -> str:
    file = io.StringIO()
    Console(file=file, width=200).print(terminal(found))
    return file.getvalue()


class TestTests:
    def test_welch_is_scipys(self):
        a, b = [1.0, 2.0, 4.0], [3.0, 3.5]
        assert welch(a, b) == pytest.approx(ttest_ind(a, b, equal_var=False).pvalue)

    @pytest.mark.parametrize(
        ("a", "b", "expected"),
        [([1.0], [2.0, 3.0], None), ([1, 1], [1, 1], 1.0), ([1, 1], [2, 2], None), ([], [1.0, 2.0], None)],
    )
    def test_where_seeds_say_nothing_there_is_no_p_value(self, a, b, expected):
        assert welch(a, b) == expected

    def test_nearly_equal_scores_are_no_warning(self):
        assert 0 <= welch([1.0, 1.0 + 1e-16, 1.0], [1.0 + 3e-16, 1.0, 1.0]) <= 1

    def test_standard_errors_add_in_squares(self):
        assert by_errors(Estimate(0, 3), Estimate(9.799819922, 4)) == pytest.approx(0.05)
        assert by_errors(Estimate(1, 0), Estimate(1, 0)) == 1
        assert by_errors(Estimate(1, 0), Estimate(2, 0)) == 0

    def test_holms_steps(self):
        assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
        assert holm([0.5, None, 0.9, 0.001]) == pytest.approx([1, None, 1, 0.003])
        assert holm([]) == []


def test_runs_that_differ_only_in_seed_are_one_group(make):
    a = seeds(make, "a", [1.0, 2.0, 3.0])
    b = seeds(make, "b", [7.0, 9.0], lr=0.2)
    found = compare([a[0], b[0], *a[1:], b[1]])
    assert [group.name for group in found.groups] == ["lr 0.1", "lr 0.2"]
    assert [len(group.runs) for group in found.groups] == [3, 2]
    first, second = found.rows[0].cells
    assert first.value == 2
    assert first.spread == 1
    assert second.spread == pytest.approx(math.sqrt(2))
    assert found.options == {"lr": (0.1, 0.2)}
    assert found.notes == ()


def test_where_a_run_was_played_makes_no_group_and_how_does(make):
    a = make("a", seed=0, settings={"device": "cpu"})
    b = make("b", seed=1, settings={"device": "cuda"})
    c = make("c", seed=0, settings={"compile": True})
    assert [len(group.runs) for group in compare([a, b, c]).groups] == [2, 1]


def test_groups_are_named_by_what_sets_them_apart(make):
    apart = compare([make("a"), make("b", recipe="image.wgan", clip=1)])
    assert [group.name for group in apart.groups] == ["image.gan", "image.wgan"]
    alone = compare(seeds(make, "s", [1.0, 2.0]))
    assert [group.name for group in alone.groups] == ["image.gan"]
    long = compare([make("c", note="x" * 100), make("d", note="y" * 100)])
    assert [group.name.rpartition("/")[2] for group in long.groups] == ["c", "d"]


@pytest.mark.parametrize("lower", [True, False])
def test_a_difference_over_seeds_is_called(make, lower):
    good, bad = ([1.0, 1.1, 0.9], [5.0, 5.2, 4.9]) if lower else ([5.0, 5.2, 4.9], [1.0, 1.1, 0.9])
    runs = [
        make(f"{name}{i}", seed=i, recipe=name, scores={"distance": entry(v, lower=lower)})
        for name, values in (("bad", bad), ("good", good))
        for i, v in enumerate(values)
    ]
    found = compare(runs)
    row = found.rows[0]
    assert row.ranking == [1, 0]
    assert row.leaders == [1]
    (difference,) = row.differences
    assert difference.called
    assert difference.groups == (1, 0)
    assert difference.p_value == pytest.approx(ttest_ind(good, bad, equal_var=False).pvalue)
    assert found.verdict(row) == "distance: good is better than bad (p < 0.001)"


def test_what_seeds_vary_by_is_no_difference_however_sure_each_score_is(make):
    a = [make(f"a{i}", seed=i, scores={"distance": entry(v, 1e-6)}) for i, v in enumerate([1.0, 3.0])]
    b = [make(f"b{i}", seed=i, lr=1, scores={"distance": entry(v, 1e-6)}) for i, v in enumerate([2.0, 3.5])]
    found = compare([*a, *b])
    assert not found.rows[0].differences[0].called
    assert found.rows[0].leaders == [0, 1]
    assert "lr 0.1 is not significantly different from lr 1" in found.verdict(found.rows[0])


def test_chance_is_rarely_called_a_difference(make, tmp_path):
    """Four recipes that are the same: some pair is called different in at most one of twenty comparisons."""
    rng, called = np.random.default_rng(0), 0
    for trial in range(40):
        names = [(f"t{trial}-{g}-{s}", g, s) for g in range(4) for s in range(3)]
        found = compare([make(n, rng.normal(), seed=s, width=g) for n, g, s in names])
        called += any(d.called for d in found.rows[0].differences)
    assert called <= 5  # 2 are expected, and more than 5 of 40 have a probability of 0.014


def test_single_runs_are_told_apart_by_their_errors_and_recipes_are_not(make):
    found = compare([make("a", 1.0), make("b", 1.2, lr=1), make("c", 3.0, lr=2)])
    row = found.rows[0]
    assert row.leaders == [0, 1]
    p = {d.groups: d.p_value for d in row.differences}
    raw = [by_errors(Estimate(x, 0.1), Estimate(y, 0.1)) for x, y in ((1, 1.2), (1, 3), (1.2, 3))]
    assert p == pytest.approx(dict(zip([(0, 1), (0, 2), (1, 2)], holm(raw), strict=True)))
    assert (
        "better than lr 2 (p < 0.001, one seed); not significantly different from lr 0.1"
        not in found.verdict(row)
    )
    assert "better than lr 2 (p < 0.001, one seed); not significantly different from lr 1" in found.verdict(
        row
    )
    assert found.notes[0].startswith("One seed is not enough to compare recipes")


def test_without_errors_single_runs_are_not_told_apart(make):
    runs = [make(n, lr=lr, scores={"distance": entry(lr, None)}) for n, lr in (("a", 1), ("b", 50))]
    found = compare(runs)
    assert found.rows[0].differences[0].p_value is None
    assert found.rows[0].leaders == [0]
    assert "not tested against lr 50 (no standard error)" in found.verdict(found.rows[0])
    assert any("no standard error" in note and "ptarmigan score" in note for note in found.notes)


def test_a_score_measured_otherwise_is_marked_and_left_out(make):
    other = {"distance": entry(0.01, protocol=PROTOCOL.replace("200", "50"))}
    runs = [make("a", 1.0), make("b", 2.0, lr=1), make("c", lr=2, scores=other)]
    found = compare(runs[::-1], out=runs[0].parent / "page.html")
    row = found.rows[0]
    assert row.protocol == PROTOCOL, "as most runs have it, though it is not the first one's"
    assert [cell.left_out for cell in row.cells] == ["measured differently", "", ""]
    assert row.ranking == [2, 1]
    (note,) = (note for note in found.notes if "‡" in note)
    assert str(runs[2]) in note
    assert "distance: 50 samples against 100; the others: 200 samples against 100" in note
    assert "0.01±0.1 ‡" in printed(found).replace("0.010", "0.01").replace("0.10", "0.1")
    assert note in opened(runs[0].parent / "page.html").words


def test_of_a_group_that_was_measured_in_two_ways_the_usual_one_counts(make):
    a = seeds(make, "a", [1.0, 2.0])
    odd = make("odd", seed=7, scores={"distance": entry(100.0, protocol="another")})
    found = compare([*a, odd, *seeds(make, "b", [3.0, 4.0], lr=1)])
    assert found.rows[0].cells[0].values == (1.0, 2.0)
    assert "(2 of 3)" in printed(found)
    assert any("odd was measured differently" in note for note in found.notes)


def test_a_score_that_is_missing_or_not_finite_has_no_rank(make):
    runs = [
        make("a", 1.0),
        make("b", lr=1, scores={"other": entry(1.0, lower=False)}),
        make("c", lr=2, scores={"distance": entry(None)}),
        make("d", lr=3, scores={"distance": entry(math.inf)}),
    ]
    found = compare(runs)
    assert [cell.left_out for cell in found.rows[0].cells] == ["", "not scored", "not finite", "not finite"]
    assert found.rows[0].ranking == [0]
    assert "fewer than two to compare" in found.verdict(found.rows[0])
    assert "not finite" in printed(found)
    json.dumps(found.plain(), allow_nan=False)


def test_what_is_known_of_real_samples_and_baselines_stands_beside(make):
    scores = {"distance": entry(2.0, baselines={"noisy copy": 0.7, "mixture": None})}
    found = compare([make("a", scores=scores), make("b", lr=1, scores=scores)])
    assert found.rows[0].floor == 0.5
    assert found.rows[0].baselines == {"noisy copy": 0.7, "mixture": None}
    table = printed(found)
    assert "noisy copy" in table
    assert "0.7" in table


def test_the_order_of_runs_changes_no_number(make):
    runs = [*seeds(make, "a", [1.0, 2.0]), *seeds(make, "b", [4.0, 4.5], lr=1), make("c", 3.0, lr=2)]
    one, other = compare(runs).plain(), compare(runs[::-1]).plain()
    a, b = (found["scores"]["distance"] for found in (one, other))
    assert a["groups"]["lr 1"]["value"] == b["groups"]["lr 1"]["value"]
    assert a["verdict"] == b["verdict"]
    assert sorted(map(str, a["differences"])) == sorted(map(str, b["differences"]))


def test_runs_scored_after_different_steps_are_told_of(make):
    found = compare([make("a", seed=0, step=100), make("b", seed=1, step=50)])
    assert any("different numbers of steps: 50, 100" in note for note in found.notes)


def test_the_page_shows_all_of_it_and_asks_nobody(make, tmp_path):
    out = tmp_path / "page.html"
    compare([*seeds(make, "a", [1.0, 1.2]), *seeds(make, "b", [5.0, 5.1], lr=1)], out=out)
    page = opened(out)
    policy = next(tag for tag in page.of("meta") if tag.get("http-equiv"))
    assert (
        policy["content"] == "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"
    )
    assert all(tag["src"].startswith("data:image/") for tag in page.of("img"))
    assert len(page.of("img")) == 2
    assert not page.of("script")
    assert not page.of("link")
    assert len([1 for tag in page.of("path") if "line" in (tag.get("class") or "").split()]) == 4 + 2
    for words in ("4 runs on ring", "lr 0.1", "What differs", "Welch's t-test", PROTOCOL, "a1"):
        assert words in page.words


def test_what_comes_from_outside_is_text(make, tmp_path):
    out = tmp_path / "page.html"
    scores = {NASTY: entry(1.0, protocol=NASTY, unit=NASTY, baselines={NASTY: 1.0})}
    a = make("a [bold]", scores=scores, recipe=NASTY, data=NASTY, lr=NASTY)
    b = make("b", scores=scores, recipe="/x]" + NASTY, data=NASTY)
    found = compare([a, b], out=out)
    page = opened(out)
    assert not page.of("script")
    assert NASTY in page.words
    assert NASTY in printed(found)


def test_a_page_without_pictures_curves_and_scores_is_a_page(make, tmp_path):
    runs = [make(name, lr=lr, scores={}) for name, lr in (("a", 1), ("b", 2))]
    for run in runs:
        (run / "log.jsonl").write_text('{"step": 1, "score/distance": "much"}\nnonsense\n')
        for picture in (run / "samples").iterdir():
            picture.write_bytes(b"no picture")
    found = compare(runs, out=tmp_path / "page.html")
    page = opened(tmp_path / "page.html")
    assert "Nothing was scored." in page.words
    assert page.words.count("no samples are to be had") == 2
    assert found.notes == ()
    assert "lr 1" in printed(found)


def test_many_groups_keep_the_page_small(make, tmp_path):
    rng = np.random.default_rng(0)
    runs = [make(f"r{i}", float(i), lr=i) for i in range(12)]
    for run in runs:
        noise = Image.fromarray(rng.integers(0, 256, (700, 700, 3), np.uint8))
        noise.save(run / "samples" / "step-00000200.png", compress_level=1)
    found = compare(runs, out=tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 4_000_000
    assert "better than 11 others (p < 0.001 to " in found.verdict(found.rows[0])


def test_runs_without_scores_are_scored_first_as_the_others_were(make, monkeypatch):
    a, b = seeds(make, "a", [1.0, 2.0])
    (b / written.FILE).unlink()
    asked = []

    def score_run(folder, *, n, device, run=None):
        asked.append((folder, n, device))
        found = Score(
            Scale("distance", "units", True), Estimate(5.0, 0.1), 0.5, {"noisy copy": 0.7}, PROTOCOL
        )
        scores = {"distance": written.plain_score(found)}
        return written.write_scores(folder, {"step": 100, "samples": n, "seed": 0, "scores": scores})

    monkeypatch.setattr(runs, "score_run", score_run)
    assert compare([a, b], device="cpu").rows[0].cells[0].values == (1.0, 5.0)
    assert compare([a, b]).rows[0].cells[0].values == (1.0, 5.0)
    assert asked == [(b, 200, "cpu")], "what was scored once is kept"


def said(capsys, *arguments) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main([*map(str, arguments)])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_the_command_prints_a_table_and_writes_a_page(make, runs, capsys):
    a, b = make("a", 1.0), make("b", 9.0, lr=1)
    code, out, _ = said(capsys, "compare", a, b)
    assert code == 0
    assert "distance ↓" in out
    assert "lr 0.1 is better than lr 1 (p < 0.001, one seed)" in out
    assert "curves: compare.html" in out
    assert opened(Path("compare.html")).words.strip().startswith("2 runs on ring")


def test_the_command_prints_json(make, runs, capsys):
    code, out, _ = said(capsys, "compare", make("a", 1.0), make("b", 9.0, lr=1), "--json", "--out", "x.html")
    assert code == 0
    found = json.loads(out)
    assert found["scores"]["distance"]["leaders"] == ["lr 0.1"]
    assert Path("x.html").exists()


def test_it_is_a_function_of_the_package_too(make):
    assert ptarmigan.compare is compare


def damage(run: Path, text: str) -> Path:
    (run / written.FILE).write_text(text)
    return run


def scored(**changes) -> str:
    return json.dumps({"step": 1, "samples": 200, "scores": {"x": entry(1.0)}} | changes)


WRONG = [
    (lambda make: [make("a")], "at least two runs"),
    (lambda make: [], ""),
    (lambda make: [make("a"), "nowhere"], "nowhere is not a run"),
    (lambda make: [make("a"), make("a").parent / "a" / "."], "given twice"),
    (lambda make: [make("a"), make("b")], "are the same run, seed 0"),
    (lambda make: [make("a"), make("b", data="grid")], "scores on different data cannot be compared"),
    (lambda make: [make("a"), damage(make("b", lr=1), "{")], "scores.json cannot be read"),
    (lambda make: [make("a"), damage(make("b", lr=1), "[" * 100_000)], "scores.json cannot be read"),
    (lambda make: [make("a"), damage(make("b", lr=1), " " * 2**23)], "too large"),
    (lambda make: [make("a"), damage(make("b", lr=1), "[]")], "does not say how"),
    (lambda make: [make("a"), damage(make("b", lr=1), scored(samples=10**12))], "does not say how"),
    (lambda make: [make("a"), damage(make("b", lr=1), scored(scores={"x": {"value": 1}}))], "does not say"),
    (
        lambda make: [make("a"), damage(make("b", lr=1), scored(scores={"x": entry("1")}))],
        "does not say how its scores were measured: 'ptarmigan score",
    ),
    (lambda make: [make("a"), damage(make("b", lr=1), scored(scores={"x": entry(10**400)}))], "does not say"),
    (lambda make: [make("a"), make("b", lr=1), "--out", "nowhere/x.html"], "--out nowhere/x.html"),
    (lambda make: [make("a"), make("b", lr=1), "--out", "."], "--out ."),
    (lambda make: [make("a"), make("b", lr=1), "--out", "a/scores.json"], "--out a/scores.json: it is an"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_what_is_wrong_is_said_in_one_line(arguments, words, make, runs, capsys):
    made: dict[str, Path] = {}

    def once(name, *args, **more):
        if name not in made:
            made[name] = make(name, *args, **more)
        return made[name]

    code, out, err = said(capsys, "compare", *arguments(once))
    assert code == 2
    assert err.startswith("ptarmigan: ")
    assert err.count("\n") == 1
    assert words in err
    assert out == ""
    assert not Path("compare.html").exists()


def test_a_run_that_describes_nothing_is_no_run(make):
    a, b = make("a"), make("b", lr=1)
    (b / "run.json").write_text('{"recipe": "x", "options": [], "settings": {}}')
    with pytest.raises(ValueError, match=r"run\.json does not describe a run"):
        compare([a, b])


class TestBeside:
    """Models that are fitted to the data of runs, and stand beside them."""

    @pytest.fixture(scope="class")
    @staticmethod
    def place(tmp_path_factory) -> Path:
        """Two runs of rows, and one of series."""
        place = tmp_path_factory.mktemp("beside")
        rng = np.random.default_rng(0)
        plane = rng.standard_normal((200, 2)) @ rng.standard_normal((2, 3))
        np.save(place / "rows.npy", plane * [1.0, 1e3, 1e-3])
        np.save(place / "series.npy", np.cumsum(rng.standard_normal((60, 6, 2)), 1))
        short = dict(quiet=True, report=False, vitals=False, sample_every=0, score_every=0, device="cpu")
        for name in ("vae", "bigan"):
            data = str(place / "rows.npy")
            small = dict(width=8, latent=2, steps=3, batch=16)
            ptarmigan.train(f"anomaly.{name}", out=place / name, data=data, **small, **short)
        data, small = str(place / "series.npy"), contract.small("series.rcgan") | {"steps": 3}
        ptarmigan.train("series.rcgan", out=place / "series", data=data, **small, **short)
        for name in ("vae", "bigan", "series"):
            scoring.score_run(place / name, n=150, device="cpu", metrics=("sliced",))
        return place

    def test_they_are_groups_like_the_others(self, place, tmp_path):
        page = tmp_path / "page.html"
        found = compare([place / "vae", place / "bigan"], beside=("mixture", "kernels"), out=page)
        assert [group.name for group in found.groups] == [
            "anomaly.vae",
            "anomaly.bigan",
            "mixture",
            "kernels",
        ]
        row = found.rows[0]
        assert [cell.left_out for cell in row.cells] == [""] * 4
        assert found.groups[row.ranking[0]].name == "mixture"
        assert all(len(values) == 4 for values in found.options.values())
        assert "2 runs on" in printed(found)
        assert "beside mixture, kernels" in printed(found)
        assert len(opened(page).of("img")) == 4
        assert "mixture: samples of seed 0" in opened(page).words
        json.dumps(found.plain(), allow_nan=False)
        assert not any("one trained network" in note and "mixture" in note for note in found.notes)

    def test_one_run_is_enough(self, place):
        found = compare([place / "series"], beside=("hmm",))
        assert [group.name for group in found.groups] == ["series.rcgan", "hmm"]
        row = next(row for row in found.rows if row.name.startswith("sliced"))
        assert row.ranking == [1, 0]

    def test_scores_that_training_left_are_made_anew(self, place):
        kept = json.loads((place / "vae" / "scores.json").read_text())
        for score in kept["scores"].values():
            del score["baselines"]
        (place / "vae" / "scores.json").write_text(json.dumps(kept))
        compare([place / "vae", place / "bigan"], beside=("mixture",))
        again = json.loads((place / "vae" / "scores.json").read_text())
        assert all("baselines" in score for score in again["scores"].values())

    @pytest.mark.parametrize(
        ("run", "names", "words"),
        [
            ("vae", ["gmm"], "no such model; there are mixture, kernels, hmm"),
            ("vae", ["mixture", "mixture"], "given twice"),
            ("vae", ["hmm"], "hmm is for series"),
            ("series", ["mixture"], "mixture is for points and rows of numbers"),
            ("gone", ["mixture"], "gone"),
        ],
    )
    def test_what_cannot_stand_beside(self, place, capsys, run, names, words):
        code, _, words_said = said(capsys, "compare", place / run, "--beside", *names)
        assert code == 2
        assert words in words_said
        assert words_said.count("\n") == 1
