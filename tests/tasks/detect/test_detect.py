"""``ptarmigan detect``: scores of rows in files, beside detectors that need no network."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ptarmigan import AnomalyGAN, load, train
from ptarmigan.tasks.detect.detect import detect

SHORT = dict(quiet=True, report=False, vitals=False, sample_every=0, score_every=0, device="cpu")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A run of normal rows, and a file of 80 normal and 20 abnormal ones."""
    place = tmp_path_factory.mktemp("detect")
    rng = np.random.default_rng(0)
    normal = rng.standard_normal((380, 3)) @ rng.standard_normal((3, 6))
    odd = np.abs(4 * rng.standard_normal((20, 6)))
    np.save(place / "normal.npy", normal[:300])
    np.savez(place / "asked.npz", X=np.concatenate([normal[300:], odd]), y=np.repeat([0, 1], [80, 20]))
    header = "a,b,c,d,e,f"
    np.savetxt(place / "asked.csv", normal[300:], delimiter=",", header=header, comments="", fmt="%.17g")
    options = dict(width=16, latent=3, steps=100, batch=64, lr=1e-3)
    train("anomaly.ganomaly", out=place / "run", data=str(place / "normal.npy"), **options, **SHORT)
    return place


def test_the_command_writes_a_line_for_each_row(place, cli, tmp_path):
    out = tmp_path / "scores.csv"
    done = cli("detect", place / "run", place / "asked.npz", "--out", out, "--contamination", 0.05)
    assert done.returncode == 0, done.stderr
    for word in ("ganomaly", "isolation forest", "PCA", "AUROC", "the training data"):
        assert word in done.stdout
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["row"] for row in rows] == [str(i) for i in range(100)]
    asked = np.load(place / "asked.npz")["X"]
    model = AnomalyGAN.load(place / "run", device="cpu")
    scores = np.array([float(row["score"]) for row in rows])
    np.testing.assert_allclose(scores, -model.score_samples(asked), rtol=1e-8)
    threshold = load(place / "run", device="cpu").threshold(0.05)
    assert [row["abnormal"] for row in rows] == [str(int(score > threshold)) for score in scores]
    again = cli("detect", place / "run", place / "asked.npz", "--out", out)
    assert again.returncode == 2
    assert "there already" in again.stderr


def test_detectors_find_what_is_odd(place):
    found = detect(load(place / "run", device="cpu"), str(place / "asked.npz"), 0.1)
    assert list(found.verdicts) == ["ganomaly", "isolation forest", "PCA"]
    assert all(float(row[2]) > 0.9 for row in found.table()[1:])
    for verdict in found.verdicts.values():
        assert verdict.anomalous[80:].mean() > 0.5 > verdict.anomalous[:80].mean()


def test_without_labels_and_without_the_training_rows(place, tmp_path):
    """The file to share is enough; the others are then fitted to what is asked about."""
    alone = tmp_path / "generator.safetensors"
    alone.write_bytes((place / "run" / "generator.safetensors").read_bytes())
    trained = load(alone, device="cpu")
    trained.description["options"]["data"] = str(tmp_path / "gone.npy")
    found = detect(trained, str(place / "asked.csv"), 0.1)
    assert "missing" in found.note
    assert found.table()[0][-1] == "of the run's"
    n = int(found.verdicts["ganomaly"].anomalous.sum())
    assert found.table()[1][-1] == f"{n} of {n}"


def test_what_is_odd_in_a_series(cli, tmp_path):
    """A jump that no row shows alone: every row is on the same circle, and two are out of turn."""
    turns = np.arange(400) * 0.3
    steps = np.stack([np.cos(turns), np.sin(turns)], 1)
    np.save(tmp_path / "usual.npy", steps[:300])
    odd, truth = steps[300:].copy(), np.zeros(100, int)
    odd[[40, 60]], truth[[40, 60]] = odd[[60, 40]][:, ::-1], 1
    np.savez(tmp_path / "asked.npz", X=odd, y=truth)
    run, scores = tmp_path / "run", tmp_path / "scores.csv"
    options = dict(width=16, latent=2, steps=200, batch=64, lr=1e-3, length=4)
    train("anomaly.ganomaly", out=run, data=str(tmp_path / "usual.npy"), **options, **SHORT)
    done = cli("detect", run, tmp_path / "asked.npz", "--out", scores)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(scores.read_text().splitlines()))
    assert [row["row"] for row in rows] == [str(i) for i in range(3, 100)]
    assert float(done.stdout.splitlines()[-5].split()[-1]) > 0.9, done.stdout
    few = cli("detect", run, tmp_path / "usual.npy", "--out", tmp_path / "few.csv")
    assert few.returncode == 0, few.stderr
    np.save(tmp_path / "short.npy", odd[:3])
    short = cli("detect", run, tmp_path / "short.npy", "--out", tmp_path / "short.csv")
    assert (short.returncode, "3 rows hold no window of 4" in short.stderr) == (2, True)
    with pytest.raises(ValueError, match="row by row"):
        AnomalyGAN.load(run)
    with pytest.raises(ValueError, match="row by row"):
        AnomalyGAN(options={"length": 4}).fit(odd)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.csv", None, "gone.csv"),
        ("few.csv", "1,2,3\n", "3 columns"),
        ("text.csv", "1,2,3,4,5,6\n1,2,3,4,5,x\n", "numbers between commas"),
        ("empty.csv", "", "empty"),
        ("missing.csv", "1,2,3,4,5,nan\n", "column 6"),
        ("picture.png", "?", "no rows"),
    ],
)
def test_what_cannot_be_scored(place, tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        detect(load(place / "run", device="cpu"), str(tmp_path / name), 0.1)


def test_columns_in_another_order_are_refused(place, tmp_path):
    named = tmp_path / "named.csv"
    named.write_text((place / "asked.csv").read_text())
    train("anomaly.bigan", out=tmp_path / "run", data=str(named), width=8, latent=2, steps=2, **SHORT)
    trained = load(tmp_path / "run", device="cpu")
    assert np.isfinite(detect(trained, str(named), 0.1).verdicts["bigan"].scores).all()
    named.write_text(named.read_text().replace("a,b,", "b,a,"))
    with pytest.raises(ValueError, match="column 1 is 'b', and the run's is 'a'"):
        detect(trained, str(named), 0.1)


def test_a_run_that_is_no_detector_is_refused_before_the_data_is_looked_for(tmp_path):
    train("toy.gan", out=tmp_path / "run", width=8, steps=2, batch=16, **SHORT)
    with pytest.raises(ValueError, match="is no detector"):
        detect(load(tmp_path / "run", device="cpu"), "x.csv", 0.1)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """A run of grey squares with bright tops, and folders of such and of some with a dark dot."""
    place = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)

    def squares(n: int) -> NDArray[np.uint8]:
        slope = np.linspace(200, 60, 12)[None, :, None] + rng.normal(0, 4, (n, 12, 12))
        return slope.clip(0, 255).astype(np.uint8)

    good, dotted = squares(80), squares(20)
    dotted[:, 2:5, 6:9] = 0
    for folder, several in (("train", squares(200)), ("test/good", good), ("test/dot", dotted)):
        (place / folder).mkdir(parents=True)
        for i, pixels in enumerate(several):
            Image.fromarray(pixels).save(place / folder / f"{i:03d}.png")
    options = dict(width=8, latent=4, critic_steps=1, steps=240, batch=32, lr=1e-3)
    train("anomaly.fanogan_images", out=place / "run", data=str(place / "train"), **options, **SHORT)
    return place


def test_images_and_where_they_are_abnormal(pictures, cli, tmp_path):
    out, heat = tmp_path / "scores.csv", tmp_path / "heat"
    done = cli("detect", pictures / "run", pictures / "test", "--out", out, "--heat", heat)
    assert done.returncode == 0, done.stderr
    assert "AUROC" in done.stdout
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert {Path(row["file"]).parts[0] for row in rows} == {"good", "dot"}
    scores = {
        kind: [float(r["score"]) for r in rows if r["file"].startswith(kind)] for kind in ("good", "dot")
    }
    assert np.median(scores["dot"]) > max(scores["good"])
    assert len(list(heat.glob("*.png"))) == len(rows)
    trained = load(pictures / "run", device="cpu")
    with Image.open(pictures / "test" / "dot" / "000.png") as image:
        raw = np.asarray(image)[None, :, :, None]
    where = trained.anomaly_maps(raw)[0]
    dot = np.zeros_like(where, bool)
    dot[2:5, 6:9] = True
    assert where[dot].mean() > 4 * where[~dot].mean()
    again = cli("detect", pictures / "run", pictures / "test", "--out", tmp_path / "b.csv", "--heat", heat)
    assert again.returncode == 2
    assert "heat is not empty" in again.stderr
    assert not (tmp_path / "b.csv").exists()


def test_a_damaged_image_is_left_out_and_named(pictures, tmp_path):
    shutil.copytree(pictures / "test" / "good", tmp_path / "asked")
    (tmp_path / "asked" / "007.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    found = detect(load(pictures / "run", device="cpu"), str(tmp_path / "asked"), 0.1)
    names = [found.test.name(i) for i in range(found.test.n)]
    assert len(names) == 79
    assert not any(name.endswith("007.png") for name in names)
    assert any("007.png" in bad for bad in found.test.bad)
    assert found.test.truth is None


def test_a_name_that_is_no_utf_8_costs_no_scores(pictures, cli, tmp_path):
    shutil.copytree(pictures / "test" / "good", tmp_path / "asked")
    name = os.fsdecode(b"caf\xe9.png")
    (tmp_path / "asked" / "007.png").rename(tmp_path / "asked" / name)
    (tmp_path / "asked" / "008.png").rename(tmp_path / "asked" / "雪.png")
    done = cli("detect", pictures / "run", tmp_path / "asked", "--out", "s.csv", PYTHONIOENCODING="latin-1")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()))
    assert {"caf\\udce9.png", "雪.png", "000.png"} < {row["file"] for row in rows}
    assert len(rows) == 80


def test_images_of_another_size_are_refused(pictures, tmp_path):
    Image.new("L", (20, 20)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="20×20"):
        detect(load(pictures / "run", device="cpu"), str(tmp_path), 0.1)


def test_rows_have_no_places(place):
    with pytest.raises(ValueError, match="ganomaly_images"):
        load(place / "run", device="cpu").anomaly_maps(np.zeros((2, 6)))
