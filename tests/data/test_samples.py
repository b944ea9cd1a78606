from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ptarmigan.core.batch import Batch
from ptarmigan.data.condition import Condition
from ptarmigan.data.prefetch import AHEAD
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.modalities.image.augmentation import ImageAugmentation
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.point.space import PointSpace


def source(n: int = 37, labelled: bool = True) -> ArraySource:
    """Images that are all different, and not their own mirror images."""
    raw = np.random.default_rng(0).integers(256, size=(n, 4, 6, 3), dtype=np.uint8)
    return ArraySource(raw, np.arange(n) % 5 if labelled else None)


SPACE = ImageSpace(4, 6, 3)


def samples(batch: int = 12, seed: int = 0, flip: bool = False, **options: Any) -> Samples:
    augment = ImageAugmentation(flip) if flip else None
    return Samples(source(**options), SPACE, batch=batch, seed=seed, augment=augment)


def equal(one: Batch, other: Batch) -> bool:
    assert one.c is not None
    assert other.c is not None
    return torch.equal(one.x, other.x) and torch.equal(one.c, other.c)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("ahead", [False, True])
def test_a_batch_depends_on_its_position_alone(
    flip: bool, ahead: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ahead:
        monkeypatch.setattr("ptarmigan.data.samples.SMALL", 0)
    fresh = [samples(flip=flip).load(p) for p in range(20)]
    used = samples(flip=flip)
    for p in (0, 1, 2, 3, 9, 8, 3, 3, 19, 0, 1):  # in order, backwards, again, far
        assert equal(used.draw(p), fresh[p])
    used.close()
    assert equal(used.draw(2), fresh[2])
    used.close()


@pytest.mark.parametrize("shards", [1, 2, 3, 4, 12])
@pytest.mark.parametrize("flip", [False, True])
def test_shards_laid_side_by_side_are_the_batch(shards: int, flip: bool) -> None:
    used = samples(flip=flip)
    for p in (0, 1, 2, 7):
        parts = [used.draw(p, shard, shards) for shard in range(shards)]
        whole = samples(flip=flip).load(p)
        joined = Batch(torch.cat([x for x, _ in parts]), torch.cat([c for _, c in parts if c is not None]))
        assert equal(joined, whole)
    used.close()


def test_every_sample_appears_exactly_once_an_epoch() -> None:
    used = samples(batch=12)
    epochs = 12
    stream = np.concatenate([used.indices(p) for p in range(37)])  # 12 epochs of 37, in 37 batches of 12
    for epoch in stream.reshape(epochs, 37):
        np.testing.assert_array_equal(np.sort(epoch), np.arange(37))
    assert len({tuple(epoch) for epoch in stream.reshape(epochs, 37)}) == epochs


def test_a_batch_larger_than_the_set_wraps() -> None:
    used = samples(batch=100)
    counts = np.bincount(used.indices(0), minlength=37)
    assert set(counts) == {2, 3}
    batch = used.draw(0)
    assert batch.x.shape == (100, 3, 4, 6)
    used.close()


def test_one_sample_is_enough() -> None:
    used = samples(batch=3, n=1)
    assert torch.equal(used.draw(5).x, SPACE.encode(source(1).raw).expand(3, -1, -1, -1))
    used.close()


def test_seeds_order_the_samples_and_nothing_else() -> None:
    one, other = samples(seed=0), samples(seed=1)
    assert not np.array_equal(one.indices(0), other.indices(0))
    assert equal(one.load(0), samples(seed=0).load(0))


def test_about_half_of_the_images_are_mirrored_and_the_rest_are_as_they_were() -> None:
    plain, flipped = samples(batch=600, n=600), samples(batch=600, n=600, flip=True)
    x, y = plain.load(3).x, flipped.load(3).x
    same = (x == y).flatten(1).all(1)
    mirrored = (x.flip(-1) == y).flatten(1).all(1)
    assert torch.equal(same, ~mirrored)
    assert 240 < int(mirrored.sum()) < 360
    other = (plain.load(4).x == flipped.load(4).x).flatten(1).all(1)
    assert not torch.equal(same, other)


def test_images_are_not_changed_in_place_by_mirroring() -> None:
    used = samples(flip=True)
    before = used.source.read(np.arange(37))
    for p in range(4):
        used.load(p)
    np.testing.assert_array_equal(used.source.read(np.arange(37)), before)


def test_classes_belong_to_their_images() -> None:
    used, raw = samples(), source()
    batch = used.draw(4)
    indices = used.indices(4)
    assert batch.c is not None
    assert batch.c.dtype == torch.int64
    assert raw.labels is not None
    np.testing.assert_array_equal(batch.c.numpy(), raw.labels[indices])
    np.testing.assert_array_equal(SPACE.decode(batch.x), raw.raw[indices])
    used.close()


def test_without_labels_there_are_no_classes() -> None:
    used = samples(labelled=False)
    assert not used.labelled
    assert used.load(0).c is None
    assert used.unread(0).c is None


def test_an_unread_batch_has_classes_and_no_numbers() -> None:
    used = samples()
    parts = [used.unread(2, shard, 3) for shard in range(3)]
    assert all(part.x.is_meta and part.x.shape == (4, 3, 4, 6) for part in parts)
    whole = used.unread(2).c
    assert whole is not None
    assert torch.equal(torch.cat([part.c for part in parts if part.c is not None]), whole)
    stream = torch.cat([used.unread(p).c for p in range(37)])  # type: ignore[misc]
    assert set(torch.bincount(stream).tolist()) == {12 * 8, 12 * 7}  # as often as in the set, over 12 epochs


@pytest.mark.parametrize("make", [Samples.draw, Samples.load, Samples.unread, Samples.indices])
def test_a_batch_is_cut_into_equal_parts_or_not_at_all(make: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="batch of 12 cannot be cut into 5"):
        make(samples(batch=12), 0, 0, 5)
    with pytest.raises(ValueError, match="shard 2 is not one of 2"):
        make(samples(batch=12), 0, 2, 2)


def test_nothing_to_train_on() -> None:
    with pytest.raises(ValueError, match="no sample"):
        Samples(Watched(0), PointSpace(), batch=4).load(0)
    with pytest.raises(ValueError, match="at least 1"):
        samples(batch=0)


def test_other_samples_can_be_held_out() -> None:
    other = source(5)
    assert Samples(source(), SPACE, batch=2, held_out=other).held_out is other
    used = samples()
    assert used.held_out is used.source


class Watched:
    """Points that say who reads them, slowly or wrongly."""

    labels: NDArray[np.int64] | None = None
    classes: tuple[str, ...] = ()

    def __init__(self, n: int = 1000, pause: float = 0.0, bad: int | None = None) -> None:
        self.n, self.pause, self.bad = n, pause, bad
        self.threads: list[str] = []

    def __len__(self) -> int:
        return self.n

    def read(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        self.threads.append(threading.current_thread().name)
        time.sleep(self.pause)
        if self.bad in indices:
            raise ValueError(f"sample {self.bad} cannot be decoded")
        return np.repeat(indices[:, None], 2, 1).astype(np.float32)


def test_an_error_in_a_worker_is_raised_by_the_draw_it_belongs_to() -> None:
    used = Samples(Watched(100, bad=42), PointSpace(), batch=10, seed=0)
    where = next(p for p in range(10) if 42 in used.indices(p))
    assert where > 0  # so that a worker reads it ahead
    for p in range(10):
        if p == where:
            for _ in range(2):
                with pytest.raises(ValueError, match="sample 42 cannot be decoded"):
                    used.draw(p)
        else:
            assert used.draw(p).x.shape == (10, 2)
    used.close()


def test_batches_are_read_ahead_and_each_only_once() -> None:
    watched = Watched()
    used = Samples(watched, PointSpace(), batch=10)
    for p in range(20):
        for shard in range(2):
            used.draw(p, shard, 2)
    used.close()
    # the two shards of the first batch are made when they are asked for, and all others before
    assert [name.startswith("ptarmigan-data") for name in watched.threads].count(False) == 2
    assert len(watched.threads) <= 2 * (20 + AHEAD)


def test_loading_keeps_ahead_of_training() -> None:
    used = Samples(Watched(pause=0.005), PointSpace(), batch=10)
    used.draw(0)
    waited, start = 0.0, time.perf_counter()
    for p in range(1, 26):
        time.sleep(0.02)
        asked = time.perf_counter()
        used.draw(p)
        waited += time.perf_counter() - asked
    share = waited / (time.perf_counter() - start)
    used.close()
    assert share < 0.2


def test_a_few_numbers_in_memory_need_no_threads() -> None:
    before = set(threading.enumerate())
    used = samples()
    used.draw(0)
    assert set(threading.enumerate()) == before


def test_closing_ends_the_threads() -> None:
    before = set(threading.enumerate())
    used = Samples(Watched(), PointSpace(), batch=10)
    used.draw(0)
    assert set(threading.enumerate()) > before
    used.close()
    used.close()
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize(("dtype", "bits"), [(np.uint8, 8), (np.uint16, 16)])
def test_encoding_is_exact_and_in_channels_last_memory(dtype: type, bits: int) -> None:
    white = 2**bits - 1
    raw = np.arange(white + 1, dtype=dtype)[:: max(1, white // 400)].copy()
    raw = np.concatenate([raw, [dtype(white)]])
    raw = raw[: len(raw) // 2 * 2].reshape(1, 2, -1, 1).repeat(3, 3)
    space = ImageSpace(*raw.shape[1:], bits=bits)
    x = space.encode(raw)
    assert x.dtype == torch.float32
    assert x.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(x.permute(0, 2, 3, 1).numpy(), raw / (white / 2) - 1, atol=2e-7)
    np.testing.assert_array_equal(space.decode(x), raw)


def conditioned(*, matched: bool = True, paired: bool = True) -> Samples:
    """Images conditioned on other images, of which there are fewer where they do not match."""
    given = source(37 if matched else 11, labelled=False)
    inputs = Condition(SPACE, given, source(4, labelled=False), matched, paired)
    return Samples(source(labelled=False), SPACE, batch=8, seed=3, condition=inputs)


def test_pairs_come_together():
    used = conditioned()
    for position in (0, 5):
        batch = used.load(position)
        assert batch.c is not None
        torch.testing.assert_close(batch.c, batch.x, rtol=0, atol=0)
        assert used.unread(position).c is None


def test_conditions_that_are_no_pairs_are_drawn_independently_and_each_once_an_epoch():
    used = conditioned(matched=False, paired=False)
    drawn = torch.cat([used.load(p).c for p in range(11)])  # 8 epochs of 11
    known = used.conditions(np.arange(11))
    counts = [(drawn.flatten(1) == one.flatten()).all(1).sum().item() for one in known]
    assert counts == [8] * 11


@pytest.mark.parametrize("labelled", [True, False])
def test_conditions_of_rows_are_those_of_batches(labelled):
    used = samples(labelled=labelled)
    rows = used.indices(2)
    c = used.conditions(rows)
    if labelled:
        torch.testing.assert_close(c, used.load(2).c, rtol=0, atol=0)
    else:
        assert c is None
        pairs = conditioned()
        rows = pairs.indices(2)
        torch.testing.assert_close(pairs.conditions(rows), pairs.load(2).c, rtol=0, atol=0)
        assert pairs.conditions(np.arange(4), held_out=True).shape == (4, 3, 4, 6)


def test_blank_data_has_the_spaces_and_no_sample():
    pairs = conditioned()
    assert (pairs.blank.space, pairs.blank.inputs) == (pairs.space, pairs.require_inputs())
    assert samples().blank.inputs is None
    assert len(pairs.blank) == 0


def test_what_needs_a_condition_says_so():
    with pytest.raises(ValueError, match="no inputs to translate from"):
        samples().require_condition()
