"""The page for a person: one file that asks nobody, trusts no text, and is written whatever is missing."""

from __future__ import annotations

import json
import math
import re
import shlex
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from page import Page, opened
from PIL import Image
from plain import ring_run
from torch import Tensor, nn

from ptarmigan import trained
from ptarmigan.core.game import Game
from ptarmigan.core.gan import GAN
from ptarmigan.core.optim import adam
from ptarmigan.core.text import printable
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.doctor.hooks import train_with_diagnosis as train_run
from ptarmigan.evaluation import score as scoring
from ptarmigan.evaluation import written
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.report.curves import HEIGHT, WIDTH, Marks, draw, number
from ptarmigan.report.html import h, image
from ptarmigan.report.nearest import compare
from ptarmigan.report.page import command, write_report
from ptarmigan.report.record import read
from ptarmigan.tasks.choice import task_of
from ptarmigan.trained.generator import Generator
from ptarmigan.training import own
from ptarmigan.training import run_folder as folder
from ptarmigan.training.run import Run
from ptarmigan.training.settings import Settings

PLAIN = str(Path(__file__).parents[1] / "plain.py")
SETTINGS = Settings(
    device="cpu", log_every=5, score_every=10, sample_every=10, save_every=0, score_samples=200
)
NASTY = '<script>alert("1")</script>'


class Linear(nn.Module):
    """Images of noise and a class, in one matrix."""

    latent = 4

    def __init__(self, space: ImageSpace) -> None:
        super().__init__()
        self.shape = space.shape
        self.layer = nn.Linear(4, math.prod(space.shape))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        return self.layer(z).tanh().view(-1, *self.shape)


class Score(nn.Module):
    """Images to numbers."""

    def __init__(self, space: ImageSpace) -> None:
        super().__init__()
        self.layer = nn.Linear(math.prod(space.shape), 1)

    def forward(self, x: Tensor, c: Tensor | None = None) -> Tensor:
        return self.layer(x.flatten(1)).squeeze(1)


def image_samples(side: int = 6, channels: int = 1, classes: tuple[str, ...] = ("a", NASTY)) -> Samples:
    rng = np.random.default_rng(0)
    space = ImageSpace(side, side, channels, classes=classes)
    parts = [rng.integers(0, 256, (n, side, side, channels), np.uint8) for n in (300, 40)]
    sources = [ArraySource(p, np.arange(len(p)) % 2 if classes else None, classes) for p in parts]
    return Samples(sources[0], space, batch=16, held_out=sources[1])


def image_run(samples: Samples) -> Run:
    space = samples.space
    assert isinstance(space, ImageSpace)
    game = GAN(Linear(space), Score(space))
    optimizers = {name: adam(getattr(game, name), 1e-3) for name in ("discriminator", "generator")}
    return Run(game, samples, optimizers, steps=30)


def played(place: Path, run: Run, recipe: str, settings: Settings = SETTINGS) -> Path:
    options = {"steps": run.steps, "seed": run.seed}
    folder.claim(place, folder.describe(recipe, options, asdict(settings)) | own.stamp(recipe))
    train_run(run, place, settings, quiet=True)
    return place


@pytest.fixture(scope="module")
def points(tmp_path_factory) -> Path:
    return played(tmp_path_factory.mktemp("points") / "run", ring_run(), PLAIN)


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> tuple[Path, Run]:
    run = image_run(image_samples())
    place = tmp_path_factory.mktemp("photos") / f"run {NASTY.replace('/', '')}"
    unscored = Settings(device="cpu", log_every=5, score_every=0, sample_every=10, save_every=0)
    return played(place, run, "by hand", unscored), run


def fabricated(place: Path, lines: list[dict] = (), **described) -> Path:
    place.mkdir(parents=True)
    whole = {"recipe": "image.nothing", "options": {}, "settings": {}, **described}
    whole |= own.stamp(whole["recipe"])
    (place / "run.json").write_text(json.dumps(whole))
    (place / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return place


def first_score(place: Path) -> tuple[str, float]:
    name, curve = next(iter(read(place).scores.items()))
    return name, curve[-1][1]


def test_the_page_of_images_shows_all_of_it_and_asks_nobody(photos):
    place, run = photos
    path = write_report(place, run)
    page = opened(path)
    assert path == place / "report.html"
    assert path.stat().st_size < 5_000_000
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "object", "video"})
    for _, attributes in page.tags:
        assert (attributes.get("src") or "data:").startswith("data:")
        assert "href" not in attributes
    assert "url(" not in path.read_text()
    assert "@import" not in path.read_text()
    assert any((meta.get("content") or "").startswith("default-src 'none'") for meta in page.of("meta"))
    for words in (
        "Finished: all 30 steps are done",
        "Samples of the EMA weights at step 30.",
        "Real: from the training data.",
        "Among 300 training images, the nearest to a generated one",
        "generator",
        "discriminator",
        "Options of the recipe",
    ):
        assert words in page.words
    assert len(page.of("figure")) > len(page.of("svg")) > 2, "two terms, and below them the vital signs"
    assert len(page.of("details")) == 1
    # the last picture, the film, three pictures over time, real and generated, ten of four
    assert len(page.of("img")) == 2 + 3 + 2 + 40


def test_the_given_run_is_left_as_it_was(photos):
    place, run = photos
    before = {name: value.clone() for name, value in run.game.state_dict().items()}
    training = run.game.training
    write_report(place, run)
    assert all(torch.equal(value, before[name]) for name, value in run.game.state_dict().items())
    assert run.game.training == training


def test_what_comes_from_outside_is_text(tmp_path):
    lines = [
        {"step": 5, "samples": 80, NASTY: 1.0, f"score/{NASTY}": 2.0},
        {"step": 5, "event": NASTY},
    ]
    described = {"recipe": NASTY, "options": {"data": NASTY, NASTY: NASTY}, "commit": NASTY}
    place = fabricated(tmp_path / "run", lines, **described, versions={NASTY: NASTY}, command=NASTY)
    page = opened(write_report(place))
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.words.count(NASTY) >= 8


@pytest.mark.parametrize("value", ['"><b>', "<b>", "'&\"", "\u2028</svg>"])
def test_no_text_leaves_its_attribute_or_element(value):
    page = Page(h("p", value, title=value))
    assert page.tags == [("p", {"title": printable(value)})]
    assert page.words == printable(value) + "\n"


def test_a_page_is_made_again_from_the_folder_alone(points):
    page = opened(write_report(points))
    assert "plain.py" in page.words
    assert "Among 60,000 training points" in page.words
    assert first_score(points)[0] in page.words
    with Image.open(points / "samples" / "training.gif") as film:
        assert film.n_frames == 3


def test_scores_stand_beside_what_real_samples_score_and_are_kept(points):
    (points / "scores.json").unlink(missing_ok=True)
    write_report(points)
    kept = json.loads((points / "scores.json").read_text())
    name, value = first_score(points)
    entry = kept["scores"][name]
    assert kept["scores"].keys() == read(points).scores.keys()
    assert kept["step"] == 30
    assert kept["samples"] == 200
    assert entry["value"] == value
    assert 0 < entry["floor"] < entry["value"]
    page = opened(points / "report.html")
    assert number(entry["floor"]) in page.words
    assert "lower" in page.words
    assert "held-out real samples" in page.words
    assert any(line.get("class") == "level" for line in page.of("line"))


def test_score_run_scores_the_samples_that_sample_makes(points):
    found = scoring.score_run(points, n=150, seed=3, best=False, device="cpu", metrics=("modes", "frechet"))
    raw = trained.load(points, device="cpu").sample(150, seed=3)
    ring = ring_run()
    metric, *_ = task_of(ring.game, ring.samples, n=150).metrics
    entry = found["scores"][metric.name]
    assert entry["value"] == pytest.approx(metric(raw))
    assert entry["floor"] == pytest.approx(metric.real, abs=0.1)  # of other real samples
    assert entry["direction"] == "lower is better"
    assert "150 samples against 10,000 held-out real samples" in entry["protocol"]
    assert entry["baselines"].keys() == {"Gaussian mixture", "noisy copy"}
    assert found["step"] == 30
    assert found["run"] == str(points)
    assert json.loads((points / "scores.json").read_text()) == found
    page = opened(write_report(points))
    assert "Of 150 samples" in page.words
    # a floor for 150 samples says nothing about scores of 200
    assert not any(line.get("class") == "level" for line in page.of("line"))


def test_scores_of_an_earlier_step_are_not_shown_for_a_later_one(points):
    written.write_scores(points, {"step": 20, "samples": 200, "seed": 0, "scores": {"old": {"value": 1.0}}})
    page = opened(write_report(points))
    assert "old" not in page.words.split()
    assert number(first_score(points)[1]) in page.words


def test_a_score_that_is_not_finite_is_none():
    assert written.finite(math.inf) is None
    assert written.finite(math.nan) is None
    assert written.finite(2) == 2.0


def test_without_its_data_the_page_is_written_and_says_so(tmp_path):
    recipe = tmp_path / "mine.py"
    recipe.write_text("def recipe(data='x'):\n    raise FileNotFoundError(f'there are no images {data}')\n")
    lines = [{"step": s, "samples": s, "loss": 1 / s, "score/distance": 9.0 / s} for s in (5, 10)]
    place = fabricated(tmp_path / "run", lines, recipe=str(recipe), options={"data": "gone.zip"})
    page = opened(write_report(place))
    assert "not to be had here: there are no images gone.zip" in page.words
    assert "distance" in page.words
    assert "0.9" in page.words
    assert not (place / "scores.json").exists()


def test_data_that_breaks_costs_its_section_only(photos, monkeypatch):
    place, run = photos

    def unreadable(indices):
        raise OSError("the disk is gone")

    monkeypatch.setattr(run.samples.source, "read", unreadable)
    page = opened(write_report(place, run))
    assert "Not to be had: the disk is gone" in page.words
    assert "Options of the recipe" in page.words


def test_a_run_that_did_nothing_yet_has_a_page(tmp_path):
    page = opened(write_report(fabricated(tmp_path / "run", options={"steps": 100})))
    assert "Not finished: at step 0 of 100" in page.words
    assert "No picture was drawn yet." in page.words
    assert "Nothing was logged yet." in page.words


def test_a_folder_without_a_run_has_none(tmp_path):
    with pytest.raises(ValueError, match="is not a run"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_finish_that_was_gone_beyond_is_no_ending(tmp_path):
    lines = [{"step": 50, "event": "finished: all 50 steps are done"}]
    assert read(fabricated(tmp_path / "a", lines)).ending == "finished: all 50 steps are done"
    lines.append({"step": 60, "samples": 60, "loss": 1.0})
    assert read(fabricated(tmp_path / "b", lines)).ending.startswith("not finished: at step 60")


def test_a_log_cut_short_and_numbers_that_are_none_are_read_over(tmp_path):
    place = fabricated(
        tmp_path / "run", [{"step": 5, "samples": 10, "a": 1.0, "b": math.nan, "skipped": 0.5}]
    )
    with open(place / "log.jsonl", "a") as file:
        file.write('{"step": 10, "sam')
    story = read(place)
    assert story.terms == {"a": [(5, 1.0)]}
    assert story.skipped == [(5, 0.5)]
    assert story.step == 5


def test_large_pictures_and_many_terms_stay_within_bounds(tmp_path):
    steps = range(50, 5_001, 50)
    lines = [{"step": s, "samples": s, **{f"term {i}": math.sin(s * i) for i in range(30)}} for s in steps]
    lines += [{"step": 5000, "event": "went back " + "x" * 500} for _ in range(500)]
    place = fabricated(tmp_path / "run", lines, options={"paths": "y" * 100_000})
    (place / "samples").mkdir()
    rng = np.random.default_rng(0)
    for step in range(6):
        noise = Image.fromarray(rng.integers(0, 256, (500, 500, 3), np.uint8))
        noise.save(place / "samples" / f"step-{step:08d}.png", compress_level=1)
    path = write_report(place)
    assert path.stat().st_size < 5_000_000
    assert len(opened(path).of("svg")) == 24


def test_damaged_pictures_are_left_out(tmp_path):
    place = fabricated(tmp_path / "run")
    (place / "samples").mkdir()
    Image.new("RGB", (20, 20), "red").save(place / "samples" / "step-00000010.png")
    whole = (place / "samples" / "step-00000010.png").read_bytes()
    (place / "samples" / "step-00000020.png").write_bytes(whole[:40])
    (place / "samples" / "step-00000030.png").write_bytes(b"")
    page = opened(write_report(place))
    assert "at step 10." in page.words
    assert len(page.of("img")) == 1


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "I;16"])
def test_any_picture_fits_into_the_bytes_it_is_given(mode):
    rng = np.random.default_rng(0)
    if mode == "I;16":
        picture = Image.fromarray(rng.integers(0, 65_536, (300, 300), np.uint16))
    else:
        picture = Image.fromarray(rng.integers(0, 256, (300, 300, 4), np.uint8)).convert("RGB").convert(mode)
    (shown,) = Page(image(picture, "noise", 20_000)).of("img")
    assert 1_000 < len(shown["src"] or "") < 20_000 * 4 / 3 + 50
    assert shown["alt"] == "noise"


class Copier(Game):
    """Gives training images away."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.latent = 1
        self.images = nn.Parameter(images)

    def turns(self):
        return ()

    def sample(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        order = torch.argsort(z[:, 0]) % len(self.images)
        return self.images[order]


def test_copies_of_training_images_are_found_out(photos):
    _, run = photos
    source, space = run.samples.source, run.space
    stolen = space.encode(source.read(np.arange(40, 60)))
    found = compare(run, Generator(Copier(stolen).eval(), space, {}))
    assert found.median == 0
    assert found.held_out is not None
    assert found.held_out > 0.1
    np.testing.assert_array_equal(found.neighbours[:, 0], found.generated)
    assert (found.distances[:, 0] == 0).all()
    assert (found.distances[:, 1] > 0).all()


def test_without_held_out_images_nothing_is_compared_with_them():
    samples = image_samples(classes=())
    samples.held_out = samples.source
    run = image_run(samples)
    found = compare(run, Generator(run.game.eval(), run.space, {}))
    assert found.held_out is None


CURVES = {
    "one": [(50, 3.0)],
    "constant": [(s, 7.0) for s in range(10, 100, 10)],
    "zero": [(s, 0.0) for s in range(10, 100, 10)],
    "huge": [(s, (-1) ** s * 1e30 * s) for s in range(1, 100)],
    "tiny": [(s, 1e-9 * s) for s in range(1, 100)],
    "wide": [(s, 10.0 ** (-s / 10)) for s in range(1, 100)],
    "near": [(s, 1e6 + 1e-3 * s) for s in range(1, 100)],
    "long": [(s, math.sin(s)) for s in range(1, 50_000)],
}


@pytest.mark.parametrize("name", CURVES)
def test_any_curve_stays_inside_its_drawing(name):
    page = Page(draw("x", CURVES[name], CURVES[name][-1][0], Marks((20,), (30,)), floor=None))
    numbers = [
        (float(x), float(y))
        for path in page.of("path")
        for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", path["d"] or "")
    ]
    numbers += [(float(dot["cx"] or "nan"), float(dot["cy"] or "nan")) for dot in page.of("circle")]
    assert numbers
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in numbers)
    assert "nan" not in draw("x", CURVES[name], 100, Marks()).lower()
    assert len(numbers) < 600


def test_a_rising_curve_rises_and_marks_are_where_they_belong():
    page = Page(draw("x", [(s, s**2) for s in range(1, 101)], 100, Marks((50,), (25, 75)), floor=5_000.0))
    heights = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", page.of("path")[-1]["d"] or "")]
    assert heights == sorted(heights, reverse=True)
    lines = {
        kind: [x for x in page.of("line") if x.get("class") == kind] for kind in ("skip", "back", "level")
    }
    assert [len(lines[kind]) for kind in ("skip", "back", "level")] == [1, 2, 1]
    left, right = (float(line["x1"] or 0) for line in lines["back"])
    assert left < float(lines["skip"][0]["x1"] or 0) < right
    middle = float(lines["level"][0]["y1"] or 0)
    assert min(heights) < middle < max(heights)


def test_a_wide_positive_curve_is_logarithmic_and_says_so():
    wide = [(s, 10.0 ** (s / 20)) for s in range(0, 101)]
    page = Page(draw("x", wide, 100, Marks()))
    assert "log scale" in page.words
    line = page.of("path")[-1]["d"] or ""
    heights = np.array([float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", line)])
    assert np.ptp(np.diff(heights)) < 0.25
    assert "log scale" not in Page(draw("x", [(s, s) for s in range(1, 50)], 50, Marks())).words


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (-1.5, "−1.5"),
        (12_345.6, "12,346"),
        (1.5e-5, "1.5e−5"),
        (2e9, "2e9"),
        (math.inf, "not finite"),
    ],
)
def test_numbers_are_short(value, shown):
    assert number(value) == shown


def test_the_command_repeats_what_is_not_usual(tmp_path):
    options = {"steps": 7, "seed": 0, "data": "my ring"}
    settings = asdict(Settings(device="cpu", deterministic=True))
    place = fabricated(tmp_path / "a run", recipe=PLAIN, options=options, settings=settings)
    assert shlex.split(command(read(place))) == [
        *("ptarmigan", "train", PLAIN, "--steps", "7", "--data", "my ring"),
        *("--device", "cpu", "--deterministic", "--out", str(place)),
    ]
    typed = fabricated(tmp_path / "b", recipe=PLAIN, command="ptarmigan train x --flip")
    assert command(read(typed)) == "ptarmigan train x --flip"
