"""Embeddings: what the doctor, the report and two-sample tests look at."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.modalities.point.space import PointSpace
from ptarmigan.modalities.series.space import SeriesSpace
from ptarmigan.modalities.table.column import Column
from ptarmigan.modalities.table.space import TableSpace
from ptarmigan.modalities.vector.space import VectorSpace


def tuned(x: Tensor) -> np.ndarray:
    """What thresholds of the doctor were tuned on."""
    x = x.detach().float()
    if x.dim() == 4:
        x = F.adaptive_avg_pool2d(x, (min(16, x.shape[2]), min(16, x.shape[3])))
    elif x[0].numel() > 256:
        x = F.adaptive_avg_pool1d(x.flatten(1)[:, None], 256)
    return x.flatten(1).cpu().double().numpy()


@pytest.mark.parametrize(
    ("space", "shape"),
    [
        (ImageSpace(64, 48, 3), (5, 3, 64, 48)),
        (ImageSpace(8, 8, 1), (5, 1, 8, 8)),
        (ImageSpace(33, 17, 4), (5, 4, 33, 17)),
        (LabelSpace(20, 20, 6), (5, 6, 20, 20)),
        (PointSpace(2, 3.0), (5, 2)),
        (PointSpace(1_000), (5, 1_000)),
        (VectorSpace((0.0,) * 30, (1.0,) * 30), (5, 30)),
    ],
)
def test_images_points_and_vectors_are_embedded_as_thresholds_were_tuned(space, shape):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    for encoded in (x, x.to(memory_format=space.layout)):
        np.testing.assert_array_equal(space.embed(encoded), tuned(encoded))


AGE = Column(
    "age", "integer", "int64", modes=((0.5, 30.0, 5.0), (0.5, 50.0, 5.0)), counts=(50, 50), low=0, high=99
)
MONEY = Column(
    "money", "continuous", "float64", modes=((1.0, 1e6, 3e5),), counts=(80, 20), missing=True, high=1e9
)
CITY = Column("city", "categorical", "object", values=("a", "b", "c"), counts=(60, 39, 1))
STARS = Column("stars", "integer", "int64", values=(1, 2, 5), counts=(30, 40, 30))
TABLE = TableSpace((AGE, MONEY, CITY, STARS, Column("id", "id", "int64")))


def rows(n: int = 2_000) -> np.ndarray:
    rng = np.random.default_rng(0)
    age = np.where(rng.random(n) < 0.5, rng.normal(30, 5, n), rng.normal(50, 5, n))
    money = np.where(rng.random(n) < 0.2, np.nan, rng.normal(1e6, 3e5, n))
    city, stars = rng.choice(3, n, p=(0.6, 0.39, 0.01)), rng.choice(3, n, p=(0.3, 0.4, 0.3))
    return np.stack([age, money, city, stars, np.zeros(n)], 1)


def test_every_column_of_a_table_counts_alike():
    raw = rows()
    for column in range(4):
        only = np.tile(raw[:1], (len(raw), 1))
        only[:, column] = raw[:, column]
        x = TABLE.embed(TABLE.encode(only))
        assert 2 * x.var(0).sum() == pytest.approx(1, abs=0.15), TABLE.columns[column].name


def test_cells_of_a_table_are_as_far_apart_as_they_mean():
    raw = np.tile(rows(1), (5, 1))
    raw[:, 0], raw[:, 1], raw[:, 2], raw[:, 3] = 40, 1e6, 0, 0
    raw[1, 3], raw[2, 3] = 1, 2  # two stars, and five
    raw[3, 1] = np.nan
    raw[4, 1] = 1e9
    x = TABLE.embed(TABLE.encode(raw))
    apart = np.sqrt(((x[:, None] - x) ** 2).sum(2))
    assert 0 < apart[0, 1] < apart[0, 2], "numbers of few values are numbers"
    assert apart[0, 3] > 0.3, "a missing cell is a value of its own"
    assert apart[0, 4] < 10, "one that is far off does not drown the others"
    assert (apart.diagonal() == 0).all()


def test_channels_of_a_series_are_not_mixed_and_ends_are_seen():
    raw = np.random.default_rng(0).normal(size=(6, 400, 2))
    raw[0, 200:] = np.nan
    space = SeriesSpace.of(raw)
    x = space.encode(raw)
    found = space.embed(x)
    parts = 256 // 3
    assert found.shape == (6, 3 * parts)
    means = F.adaptive_avg_pool1d(x.transpose(1, 2), parts).flatten(1).double().numpy()
    np.testing.assert_allclose(found, means / parts**0.5, atol=1e-6)
    assert found[0, 2 * parts + parts // 2 + 2 :].max() == 0
    assert space.planes(x).shape == (6, 3, 400)


def test_metadata_of_a_series_is_embedded_once():
    numbers = np.tile(np.linspace(0, 1, 10)[:, None], (4, 1, 1))
    raw = np.concatenate([numbers, np.array([0.0, 0, 1, 2])[:, None, None].repeat(10, 1)], 2)
    space = SeriesSpace.of(raw, metadata=(CITY,))
    x = space.embed(space.encode(raw))
    apart = np.sqrt(((x[:, None] - x) ** 2).sum(2))
    assert apart[0, 1] == 0
    assert 0.3 < apart[0, 2] < 1
    assert apart[0, 2] == pytest.approx(apart[0, 3])
    assert space.planes(space.encode(raw)).shape == (4, 1, 10), "metadata has no course"


def test_samples_are_shown_as_rows_with_names_and_as_curves():
    nasty = Column("<b>", "categorical", "object", values=("<script>", "b"), counts=(1, 1, 1), missing=True)
    shown = TableSpace((nasty, STARS)).html(np.array([[0.0, 2.0], [np.nan, 1.0]]))
    assert shown.count("<tr>") == 3
    assert "&lt;b&gt;" in shown
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown
    assert VectorSpace((0.0,), (1.0,), ("x<",)).html(np.array([[1.5]])).count("x&lt;") == 1
    assert ">0.25<" in PointSpace(2).html(np.array([[0.25, 1.0]], np.float32))
    raw = np.random.default_rng(0).normal(size=(2, 5, 3))
    raw[0, 3:] = np.nan
    curves = SeriesSpace.of(raw).html(raw)
    assert curves.count("<svg") == 2
    assert curves.count("<polyline") == 6
    assert "nan" not in curves
