"""Stacked MNIST: what is stacked, and how modes are counted; known answers, and the real digits."""

from __future__ import annotations

import numpy as np
import pytest

from ptarmigan.data.samples import ArraySource
from ptarmigan.modalities.image import classifier as classifiers
from ptarmigan.modalities.image.describe import describe
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.image.stacked import Stacked, stacked
from ptarmigan.modalities.image.stacked_modes import learn_digits, predicted_classes, stacked_modes

NAMES = tuple("0123456789")
EVEN = np.full(10, 100)


def shades(n=200, side=4, start=0):
    """Digits that are predicted by how bright they are: 20 c + a little that names the image."""
    labels = (np.arange(n) * 7 + start) % 10
    raw = np.broadcast_to((20 * labels + np.arange(n) % 10)[:, None, None, None], (n, side, side, 1))
    return ArraySource(raw.astype(np.uint8).copy(), labels, NAMES)


class Shades:
    """A classifier of them."""

    name = hash = "shades"
    classes = NAMES

    def __call__(self, raw):
        return raw.reshape(len(raw), -1).mean(1, dtype=np.float32, keepdims=True)

    def probabilities(self, vectors):
        return np.eye(10)[(vectors[:, 0] // 20).astype(int)]


def digits_of(numbers):
    return np.stack([numbers // 100, numbers // 10 % 10, numbers % 10], axis=1)


class TestSource:
    def test_channels_are_digits_and_the_class_is_their_number(self):
        source = Stacked(shades(), 500, "train")
        raw = source.read(np.arange(500))
        assert raw.shape == (500, 4, 4, 3)
        assert raw.dtype == np.uint8
        assert (raw == raw[:, :1, :1]).all()
        predicted = raw[:, 0, 0].astype(int) // 20
        np.testing.assert_array_equal(predicted @ [100, 10, 1], source.labels)
        assert source.classes[407] == "407"
        assert len(source.classes) == 1000
        np.testing.assert_array_equal(source.frequencies, np.full(10, 20))

    def test_reading_is_a_function_of_the_index(self):
        source, again = (Stacked(shades(), 500, "train") for _ in range(2))
        whole = source.read(np.arange(500))
        asked = np.array([499, 3, 3, 0, 250])
        np.testing.assert_array_equal(again.read(asked), whole[asked])
        assert len({row.tobytes() for row in whole}) > 350  # of 1,000 there are

    def test_parts_are_drawn_apart_and_channels_from_each_other(self):
        train, other = Stacked(shades(), 3000, "train"), Stacked(shades(), 3000, "held out")
        assert (train.labels == other.labels).mean() < 0.01
        correlation = np.corrcoef(digits_of(train.labels).T)
        assert np.abs(correlation[np.triu_indices(3, 1)]).max() < 0.06

    def test_the_set_holds_128000_and_others_out(self):
        space = ImageSpace(4, 4, 1, classes=NAMES)
        train, stack, held_out = stacked((shades(), space, shades(30, start=5)))
        assert (len(train), len(held_out)) == (128_000, 26_000)
        assert (stack.shape, len(stack.classes)) == ((3, 4, 4), 1000)
        assert held_out.digits.labels[0] == 5
        assert stacked((shades(), space, None))[2].digits.labels[0] == 0
        assert len(np.unique(train.labels)) == 1000

    def test_only_classes_can_be_stacked(self):
        with pytest.raises(ValueError, match="classes"):
            Stacked(ArraySource(np.zeros((5, 4, 4, 1), np.uint8)), 10, "train")


class TestModes:
    def test_every_mode_once(self):
        found = stacked_modes(digits_of(np.arange(1000)), EVEN)
        assert (found.found.value, found.total) == (1000, 1000)
        assert found.reverse_kl.value == pytest.approx(0, abs=1e-12)
        assert found.against_real.value == pytest.approx(0, abs=1e-12)

    def test_a_collapse(self):
        found = stacked_modes(digits_of(np.full(100, 777)), EVEN)
        assert (found.found.value, found.found.error) == (1, 0)
        assert found.reverse_kl.value == pytest.approx(np.log(1000))
        assert found.reverse_kl.error == pytest.approx(0, abs=1e-12)

    @pytest.mark.parametrize("modes", [2, 50, 999])
    def test_some_modes_evenly(self, modes):
        found = stacked_modes(digits_of(np.tile(np.arange(modes), 5)), EVEN)
        assert found.found.value == modes
        assert found.reverse_kl.value == pytest.approx(np.log(1000 / modes))

    def test_against_uneven_real_digits(self):
        frequencies = np.arange(1, 11)
        p = frequencies / frequencies.sum()
        joint = np.einsum("a,b,c->abc", p, p, p).ravel()
        drawn = np.random.default_rng(0).choice(1000, 200_000, p=joint)
        found = stacked_modes(digits_of(drawn), frequencies)
        assert found.against_real.value == pytest.approx(999 / 400_000, rel=0.15)
        assert found.reverse_kl.value == pytest.approx(np.sum(joint * np.log(1000 * joint)), rel=0.02)

    def test_what_the_protocols_find_of_a_perfect_generator(self):
        drawn = np.random.default_rng(0).integers(1000, size=26_000)
        found = stacked_modes(digits_of(drawn), EVEN)
        assert found.found.value == 1000
        assert found.reverse_kl.value == pytest.approx(999 / 52_000, rel=0.1)
        few = stacked_modes(digits_of(drawn[:2000]), EVEN)
        expected = 1000 * (1 - 0.999**2000)
        assert few.found.value == pytest.approx(expected, abs=30)
        assert 5 < few.found.error < 20  # the deviation of that count is 10.4
        assert 0 < found.reverse_kl.error < 0.002

    def test_order_does_not_matter(self):
        predicted = digits_of(np.random.default_rng(0).integers(1000, size=3000))
        shuffled = np.random.default_rng(1).permutation(predicted)
        a, b = stacked_modes(predicted, EVEN), stacked_modes(shuffled, EVEN)
        assert (a.found.value, a.reverse_kl.value) == (b.found.value, b.reverse_kl.value)

    def test_refused(self):
        for predicted in (np.zeros((0, 3), int), np.zeros(5, int)):
            with pytest.raises(ValueError, match="classes of channels"):
                stacked_modes(predicted, EVEN)
        for wrong in (10, -1):
            with pytest.raises(ValueError, match=f"class {wrong}: there are 10"):
                stacked_modes(np.array([[0, wrong, 0]]), EVEN)
        with pytest.raises(ValueError, match="class 2 has no real digit"):
            stacked_modes(np.zeros((5, 3), int), np.array([5, 5, 0]))


class TestTelling:
    def test_each_channel_is_told(self):
        source = Stacked(shades(), 700, "train")
        predicted = predicted_classes(source.read(np.arange(700)), Shades())
        np.testing.assert_array_equal(predicted, digits_of(source.labels))

    def test_refused(self):
        for raw in (np.zeros((0, 4, 4, 3), np.uint8), np.zeros((5, 4, 4), np.uint8)):
            with pytest.raises(ValueError, match="height, width, channels"):
                predicted_classes(raw, Shades())


class TestRealDigits:
    @pytest.fixture
    def opened(self, shared, monkeypatch):
        if not (shared / "mnist").is_dir():
            pytest.skip(f"{shared} has no mnist")
        monkeypatch.setenv("PTARMIGAN_DATA", str(shared))

    @pytest.mark.usefixtures("opened")
    def test_by_name(self):
        samples = Images("stacked-mnist").open(batch=16)
        assert isinstance(samples.source, Stacked)
        assert isinstance(samples.held_out, Stacked)
        assert (len(samples), samples.space.shape) == (128_000, (3, 28, 28))
        x, c = samples.load(5)
        raw = samples.space.decode(x)
        chosen = samples.indices(5)
        np.testing.assert_array_equal(c, samples.source.labels[chosen])
        for i, picks in enumerate(samples.source.picks[chosen]):
            for channel, pick in enumerate(picks):
                digit = samples.source.digits.read(np.array([pick]))[0, :, :, 0]
                np.testing.assert_array_equal(raw[i, :, :, channel], digit)
        assert (len(samples.source.digits), len(samples.held_out.digits)) == (60_000, 10_000)

    @pytest.mark.usefixtures("opened")
    def test_at_another_size_it_is_still_known_for_what_it_is(self):
        samples = Images("stacked-mnist", size="32").open(batch=2)
        assert isinstance(samples.source, Stacked)
        assert samples.load(0).x.shape == (2, 3, 32, 32)
        assert samples.source.digits.read(np.array([0])).shape == (1, 32, 32, 1)

    @pytest.mark.usefixtures("opened")
    def test_real_stacks_find_as_many_modes_as_chance_lets_them(self, monkeypatch, tmp_path):
        """A classifier that saw 4,000 digits tells enough of them right for that."""
        samples = Images("stacked-mnist").open(batch=1)
        monkeypatch.setattr(classifiers, "SEEN", (6_000, 6_000))
        few = Stacked(
            ArraySource(
                samples.source.digits.read(np.arange(4000)), samples.source.digits.labels[:4000], NAMES
            ),
            1,
            "",
        )
        digits = learn_digits(few, samples.space, tmp_path)
        chosen = np.arange(2000)
        predicted = predicted_classes(samples.held_out.read(chosen), digits)
        true = digits_of(samples.held_out.labels[chosen])
        assert (predicted == true).mean() > 0.9
        share = samples.source.frequencies / 60_000
        expected = np.sum(1 - (1 - np.einsum("a,b,c->abc", share, share, share)) ** 2000)
        for channels in (true, predicted):
            found = stacked_modes(channels, samples.source.frequencies)
            assert found.found.value == pytest.approx(expected, abs=40)
            assert found.against_real.value == pytest.approx(999 / 4000, rel=0.2)


def test_the_name_is_among_those_that_are_known(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="stacked-mnist"):
        Images(str(tmp_path / "nothing")).open(batch=1)
    monkeypatch.setenv("PTARMIGAN_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        describe("stacked-mnist")
