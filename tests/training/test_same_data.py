"""The same data, the same run: data are known by what they hold, wherever they are."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, TensorDataset

import ptarmigan
from ptarmigan import compare, zoo
from ptarmigan.data import digest
from ptarmigan.data.archives import Folder
from ptarmigan.data.fingerprint import described, fingerprint
from ptarmigan.evaluation.score import score_run
from ptarmigan.modalities.image.source import Images
from ptarmigan.report.page import write_report
from ptarmigan.trained import rebuild
from ptarmigan.training import run_folder as folder
from ptarmigan.training.options import plain
from ptarmigan.training.run_folder import RunError

QUICK: dict[str, Any] = {"batch": 8, "steps": 2, "sample_every": 0, "score_every": 0, "vitals": False}
QUIET: dict[str, Any] = {**QUICK, "quiet": True, "report": False, "device": "cpu"}
SMALL = {"width": 8}
IMAGES = {"hidden": (8,), "latent": 4}


def pixels(seed: int, n: int = 24) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 1), np.uint8)


def write_folder(place: Path, seed: int, ending: str = "bmp") -> Path:
    """Pictures in two classes; as bmp, all of one size in bytes whatever they show."""
    for i, image in enumerate(pixels(seed)):
        path = place / "ab"[i % 2] / f"{i}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[:, :, 0]).save(path)
    return place


def write_rows(path: Path, first: str = "Oslo") -> Path:
    cells = [f"{first if i % 3 else 'Rome'},{i}.5" for i in range(90)]
    path.write_text("\n".join(["city,x", *cells]) + "\n")
    return path


def keep_times(path: Path, write: Any) -> None:
    """Write a file again, and set its times back to what they were."""
    before = path.stat()
    write()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size


def train(data: Any, out: Path, recipe: str = "image.gan", **options: Any) -> Any:
    more = IMAGES if recipe == "image.gan" else SMALL if recipe == "toy.gan" else {}
    return ptarmigan.train(recipe, data=data, out=out, **QUIET, **more, **options)


def refused(data: Any, out: Path, recipe: str = "image.gan", match: str = "other data") -> None:
    before = {path: path.read_bytes() for path in out.iterdir() if path.is_file()}
    with pytest.raises(RunError, match=match):
        train(data, out, recipe)
    assert before == {path: path.read_bytes() for path in out.iterdir() if path.is_file()}


class Items(Dataset[Any]):
    """Pictures as a data set of one's own."""

    def __init__(self, seed: int) -> None:
        self.images = pixels(seed)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        return Image.fromarray(self.images[index, :, :, 0]), "ab"[index % 2]


class Noisy(Items):
    """Another picture each time."""

    def __getitem__(self, index: int) -> Any:
        return np.random.default_rng().integers(0, 256, (8, 8), np.uint8)


IN_MEMORY = {
    "array": pixels,
    "tensor": lambda seed: torch.from_numpy(pixels(seed)),
    "list": lambda seed: (pixels(0), ["x" if i % (seed + 2) else "y" for i in range(24)]),
    "Dataset": lambda seed: TensorDataset(torch.from_numpy(pixels(seed)).movedim(3, 1)),
    "own Dataset": Items,
    "DataLoader": lambda seed: DataLoader(Items(seed), batch_size=5),
}


@pytest.mark.parametrize("make", IN_MEMORY.values(), ids=IN_MEMORY)
def test_data_in_memory_are_known_by_what_they_hold(make: Any, tmp_path: Path) -> None:
    train(make(0), tmp_path / "r")
    assert train(make(0), tmp_path / "r").complete
    refused(make(1), tmp_path / "r", match="of other content|differ")


def test_frames_are_known_by_names_cells_and_order(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(40) % 7, "b": list("xyxz") * 10})
    train(frame, tmp_path / "r", "table.tvae")
    assert train(frame.set_axis(range(3, 43)), tmp_path / "r", "table.tvae").complete
    for other in (frame.rename(columns={"a": "c"}), frame[::-1], frame.replace("z", "w")):
        refused(other, tmp_path / "r", "table.tvae")


def test_series_that_are_lists_are_known(tmp_path: Path) -> None:
    def series(shift: float) -> list[Any]:
        return [[[i * 10.0 + t + shift] for t in range(9)] for i in range(9)]

    options = dict(data=series(0), out=tmp_path / "r", length=6, width=8, **QUIET)
    ptarmigan.train("series.rcgan", **options)
    assert ptarmigan.train("series.rcgan", **options).complete
    arrays = [np.array(one) for one in series(0)]
    with pytest.raises(RunError, match="list of 9"):
        ptarmigan.train("series.rcgan", **options | {"data": series(0.125)})
    with pytest.raises(RunError, match="list of 9"):
        ptarmigan.train("series.rcgan", **options | {"data": arrays[::-1]})


@pytest.mark.parametrize("kind", ["folder", "zip", "npy", "npz", "csv", "parquet"])
def test_files_are_known_by_content_and_not_by_place_or_time(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = {"csv": "table.tvae", "parquet": "table.tvae"}.get(kind, "image.gan")

    def write(place: Path, seed: int) -> Path:
        place.parent.mkdir(exist_ok=True)
        if kind == "folder":
            return write_folder(place, seed)
        if kind == "zip":
            inside = write_folder(tmp_path / f"unpacked-{seed}", seed)
            return Path(shutil.make_archive(str(place), "zip", inside))
        if kind in ("npy", "npz"):
            path = place.with_suffix(f".{kind}")
            np.save(path, pixels(seed)) if kind == "npy" else np.savez(path, x=pixels(seed))
            return path
        path = write_rows(place.with_suffix(".csv"), ["Oslo", "Bern"][seed])
        if kind == "parquet":
            pd.read_csv(path).to_parquet(path.with_suffix(".parquet"), index=False)
        return path.with_suffix(f".{kind}")

    monkeypatch.chdir(tmp_path)
    data = write(tmp_path / "here" / "data", 0)
    train(str(data), tmp_path / "r", recipe)
    assert train(os.path.relpath(data), tmp_path / "r", recipe).complete
    for path in [data] if data.is_file() else data.rglob("*.*"):
        os.utime(path, (1, 1))
    assert train(data, tmp_path / "r", recipe).complete
    (tmp_path / "there").mkdir()
    moved = Path(shutil.move(data, tmp_path / "there"))
    assert train(moved, tmp_path / "r", recipe).complete
    assert folder.load(tmp_path / "r")["data"]["path"] == str(moved)
    moved.unlink() if moved.is_file() else shutil.rmtree(moved)
    again = write(tmp_path / "there" / "data", 1)
    assert again == moved
    refused(str(again), tmp_path / "r", recipe, match="data.* was changed")


def test_a_file_of_the_same_size_and_times_is_another_by_its_content(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "t.csv")
    train(data, tmp_path / "table", "table.tvae")
    keep_times(data, lambda: write_rows(data, "Bern"))
    refused(data, tmp_path / "table", "table.tvae", match="t.csv was changed")
    pictures = write_folder(tmp_path / "pictures", 0)
    train(pictures, tmp_path / "images")
    one = pictures / "a" / "4.bmp"
    keep_times(one, lambda: Image.fromarray(pixels(9)[0, :, :, 0]).save(one))
    refused(pictures, tmp_path / "images", match="pictures was changed")


def test_pictures_that_are_decoded_again_are_what_is_there_now(tmp_path: Path) -> None:
    one = write_folder(tmp_path / "p", 0) / "a" / "4.bmp"
    before = Images(tmp_path / "p").open(batch=1).source.read(np.arange(24))
    keep_times(one, lambda: Image.fromarray(pixels(9)[0, :, :, 0]).save(one))
    after = Images(tmp_path / "p").open(batch=1).source.read(np.arange(24))
    assert (before != after).any()


def test_what_lies_beside_pictures_is_none_of_the_data(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "p", 0)
    train(data, tmp_path / "r")
    (data / "notes.txt").write_text("taken in May")
    assert train(data, tmp_path / "r").complete
    shutil.copy(data / "a" / "0.bmp", data / "a" / "copy.bmp")
    refused(data, tmp_path / "r", match="24 files .* 25 files")


def test_a_zip_and_the_folder_it_was_made_of_are_the_same(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "p", 0)
    train(data, tmp_path / "r")
    assert train(shutil.make_archive(str(tmp_path / "z"), "zip", data), tmp_path / "r").complete


def test_both_sides_of_a_translation_are_known(tmp_path: Path) -> None:
    for side, seed in (("trainA", 0), ("trainB", 1)):
        for i, image in enumerate(np.repeat(np.repeat(pixels(seed, 6), 2, 1), 2, 2)):
            (tmp_path / "two" / side).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image[:, :, 0]).save(tmp_path / "two" / side / f"{i}.bmp")
    how = {**QUIET, "width": 4, "batch": 2, "data": str(tmp_path / "two"), "out": tmp_path / "r"}
    ptarmigan.train("translate.regression", **how)
    assert ptarmigan.train("translate.regression", **how).complete
    for side in "AB":
        one = tmp_path / "two" / f"train{side}" / "3.bmp"
        kept = one.read_bytes()
        Image.fromarray(np.full((16, 16), 7, np.uint8)).save(one)
        with pytest.raises(RunError, match="two was changed"):
            ptarmigan.train("translate.regression", **how)
        one.write_bytes(kept)


def test_data_that_are_others_each_time_are_not_checked_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {**QUICK, **IMAGES, "report": False, "out": tmp_path / "r"}
    ptarmigan.train("image.gan", data=Noisy(0), **options)
    assert "not checked" in capsys.readouterr().err
    assert folder.load(tmp_path / "r")["data"]["digest"] == ""
    assert ptarmigan.train("image.gan", data=Noisy(1), **options).complete


def test_samples_that_took_the_place_of_a_recipes_are_known(tmp_path: Path) -> None:
    def run(seed: int) -> Any:
        made = zoo.recipe("image.gan")("digits", steps=2, batch=8, **IMAGES)
        made.samples = Images(pixels(seed)).open(batch=8)
        return made

    how = {name: value for name, value in QUIET.items() if name not in ("batch", "steps")}
    ptarmigan.train(run(0), out=tmp_path / "r", **how)
    assert ptarmigan.train(run(0), out=tmp_path / "r", **how).complete
    with pytest.raises(RunError, match="other data"):
        ptarmigan.train(run(1), out=tmp_path / "r", **how)


def forget(out: Path, data: Any) -> None:
    """Make run.json what earlier versions wrote: no fingerprint, and the data as they were kept."""
    described_run = json.loads((out / "run.json").read_text())
    del described_run["data"]
    described_run["options"]["data"] = plain(data)
    (out / "run.json").write_text(json.dumps(described_run))


EARLIER = {
    "array": (pixels(0), pixels(1)),
    "labels": ((pixels(0), ["x", "y"] * 12), (pixels(0), ["y", "x"] * 12)),
}


@pytest.mark.parametrize(("data", "other"), EARLIER.values(), ids=EARLIER)
def test_runs_of_earlier_versions_go_on_and_learn_their_data(data: Any, other: Any, tmp_path: Path) -> None:
    train(data, tmp_path / "r")
    forget(tmp_path / "r", data)
    with pytest.raises(RunError, match="data was"):
        train(other, tmp_path / "r")
    assert train(data, tmp_path / "r").complete
    assert folder.load(tmp_path / "r")["data"]["digest"]
    refused(other, tmp_path / "r")


def test_an_earlier_runs_path_may_be_spelled_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("p.npy", pixels(0)[:, :, 0, 0].astype(np.float32)[:, :2])
    train("p.npy", tmp_path / "r", "toy.gan")
    forget(tmp_path / "r", "p.npy")
    assert train(tmp_path / "p.npy", tmp_path / "r", "toy.gan").complete
    assert folder.load(tmp_path / "r")["data"]["path"] == str(tmp_path / "p.npy")


def test_a_run_finds_its_data_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(0).normal(size=(200, 2))
    np.save("p.npy", rows)
    np.save("other/p.npy", rows + 100)  # the same name, and not the data
    train("p.npy", Path("r"), "toy.gan")
    monkeypatch.chdir(tmp_path / "other")
    found = score_run(tmp_path / "r", n=100, device="cpu", metrics=["sliced"])
    assert not found["warnings"]
    (tmp_path / "p.npy").unlink()
    found = score_run(tmp_path / "r", n=100, device="cpu", metrics=["sliced"])
    assert any("not those that the run was trained on" in line for line in found["warnings"])


def test_the_file_to_share_does_not_say_where_the_data_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "p.npy", np.random.default_rng(0).normal(size=(64, 2)))
    monkeypatch.chdir(tmp_path)
    train("p.npy", tmp_path / "r", "toy.gan")
    shared = (tmp_path / "r" / "generator.safetensors").read_bytes()
    assert str(tmp_path).encode() not in shared
    assert folder.load(tmp_path / "r")["data"]["digest"].encode() in shared


def test_scores_and_the_report_say_that_the_data_have_changed(tmp_path: Path) -> None:
    data = tmp_path / "p.npy"
    np.save(data, np.random.default_rng(0).normal(size=(200, 2)))
    train(data, tmp_path / "r", "toy.gan")
    np.save(data, np.random.default_rng(1).normal(size=(200, 2)))
    found = score_run(tmp_path / "r", n=100, device="cpu", metrics=["sliced"])
    said = f"The data are not those that the run was trained on: {data} was changed."
    assert found["warnings"] == [said]
    assert "was changed" in write_report(tmp_path / "r").read_text()


def test_a_table_is_not_scored_where_its_codes_mean_something_else(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "t.csv")
    train(data, tmp_path / "r", "table.tvae")
    write_rows(data, "Bern")
    with pytest.raises(ValueError, match="'city' holds other values"):
        score_run(tmp_path / "r", n=50, device="cpu", metrics=["shapes"])
    assert (
        "The run&#x27;s data is not to be had here: the data are not those"
        in write_report(tmp_path / "r").read_text()
    )


def test_runs_are_compared_by_what_their_data_hold(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(300, 2))
    for name, more in (("a", 0), ("b", 0), ("c", 9)):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "p.npy", rows + more)
        train(tmp_path / name / "p.npy", tmp_path / f"run-{name}", "toy.gan", seed="abc".index(name))
        score_run(tmp_path / f"run-{name}", n=100, device="cpu", metrics=["sliced"])
    assert len(compare([tmp_path / "run-a", tmp_path / "run-b"], device="cpu").groups) == 1
    with pytest.raises(ValueError, match="different data"):
        compare([tmp_path / "run-a", tmp_path / "run-c"], device="cpu")


def test_a_folder_called_like_a_set_is_named_with_a_dot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ptarmigan.modalities import registry

    registry.warn.cache_clear()
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "digits", 0)
    train("digits", tmp_path / "set")
    assert "digits is the built-in set" in capsys.readouterr().err
    train("./digits", tmp_path / "own")
    assert folder.load(tmp_path / "own")["data"]["words"].startswith("24 files")
    refused("digits", tmp_path / "own")
    shutil.rmtree(tmp_path / "digits")
    assert train("digits", tmp_path / "set").complete


def test_a_large_folder_is_listed_once_and_hardly_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "many").mkdir()
    for i in range(1_000):
        Image.fromarray(np.full((4, 4), i % 256, np.uint8)).save(tmp_path / "many" / f"{i:04}.bmp")
    data = str(tmp_path / "many")
    samples = Images(data).open(batch=1)
    listed, opened = [], []
    whole = Folder.read
    monkeypatch.setattr(Folder, "__init__", lambda self, path: listed.append(path))
    monkeypatch.setattr(Folder, "read", lambda self, *args: opened.append(args) or whole(self, *args))
    assert fingerprint(data, samples).words.startswith("1,000 files")
    assert not listed
    assert len(opened) == digest.FILES


def test_a_large_file_is_looked_at_from_end_to_end_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "MOST", 3_200)
    path = tmp_path / "large"
    path.write_bytes(bytes(100_000))
    before = digest.joined(digest.of_file(path))
    for place in (0, 50, 99_999):
        changed = bytearray(100_000)
        changed[place] = 1
        path.write_bytes(changed)
        assert digest.joined(digest.of_file(path)) != before
    assert sum(map(len, digest.of_file(path))) < 3_300


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], (1, 2)),
        (np.arange(3), torch.arange(3)),
        (np.float64(0.5), 0.5),
        (np.array(["a", None], object), ["a", None]),
    ],
)
def test_a_digest_is_of_what_values_hold(one: Any, other: Any) -> None:
    assert digest.digest_of(one) == digest.digest_of(other)


DIFFERENT = [
    [1, 2],
    [12],
    ["1", "2"],
    [[1], 2],
    [[1, 2]],
    np.arange(3),
    np.arange(3)[:, None],
    np.arange(3, dtype=np.int32),
    torch.zeros(3, dtype=torch.bfloat16),
    torch.zeros(3, dtype=torch.float16),
    pd.DataFrame({"a": [1, 2]}),
    pd.DataFrame({"a": [1.0, 2.0]}),
    pd.DataFrame({"b": [1, 2]}),
    {"a": 1},
    None,
    "",
]


def test_digests_of_different_values_differ() -> None:
    assert len({digest.digest_of(value) for value in DIFFERENT}) == len(DIFFERENT)


def test_what_nobody_can_know_has_no_digest() -> None:
    with pytest.raises(TypeError, match="nobody knows what"):
        digest.digest_of(Items(0))


def test_polars_frames_are_known_by_what_they_hold() -> None:
    polars = pytest.importorskip("polars")
    frames = [
        {"a": [1, 2], "b": ["x", None]},
        {"a": [1, 2], "b": ["y", None]},
        {"a": [1, None], "b": ["x", None]},
    ]
    assert len({digest.digest_of(polars.DataFrame(frame)) for frame in frames}) == 3
    assert digest.digest_of(polars.DataFrame(frames[0])) == digest.digest_of(polars.DataFrame(frames[0]))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros((3, 2)), "array 3×2 float64"),
        (torch.zeros(3, 2), "tensor 3×2 float32"),
        (pd.DataFrame({"a": [1, 2]}), "table 2×1"),
        ((np.zeros((2, 4, 4), np.uint8), ["sick", "well"]), "array 2×4×4 uint8, list of 2 str"),
        ([[1.0]] * 9, "list of 9 list"),
    ],
)
def test_data_are_described_without_their_content(value: Any, words: str) -> None:
    assert described(value) == words


def test_a_text_files_held_out_lines_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("lines.txt", "kept.txt"):
        Path(name).write_text("\n".join(f"a small cat {'sat' if i % 2 else 'ran'}" for i in range(60)))
    ptarmigan.train("text.mle", data="lines.txt", held_out="kept.txt", out="r", **QUIET)
    monkeypatch.chdir(tmp_path / "other")
    samples = rebuild(tmp_path / "r").samples
    assert (len(samples), len(samples.held_out)) == (60, 60)


def test_sounds_are_known_by_their_files(tmp_path: Path) -> None:
    from ptarmigan.modalities.sound import MODALITY

    place = tmp_path / "sounds"
    place.mkdir()
    samples = MODALITY.options(MODALITY.example(place)).open(batch=1)
    before = fingerprint(str(place), samples)
    assert before.words.startswith("15 files")
    (place / "notes.txt").write_text("recorded in May")
    again = MODALITY.options(str(place)).open(batch=1)
    assert fingerprint(str(place), again).digest == before.digest
