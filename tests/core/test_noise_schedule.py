"""Noise as a function of position, numbers that change with progress, and states that change once a turn."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from ptarmigan.core import noise, schedule
from ptarmigan.core.game import State, between, every, latest

DRAWS = [pytest.param(noise.normal, id="normal"), pytest.param(noise.uniform, id="uniform")]


class TestKey:
    def test_is_a_63_bit_integer(self):
        keys = [noise.key(0, "train", i) for i in range(1000)]
        assert len(set(keys)) == 1000
        assert all(0 <= k < 2**63 for k in keys)
        assert max(keys) > 2**62

    def test_is_the_same_in_every_process_and_version(self):
        """Runs that were begun before go on with it, and golden losses hang on it."""
        assert noise.key(0, "train", 5) == 7342473913954007944
        assert noise.key("a", 1) == 6222101017213550541

    def test_whole_numbers_of_any_type_are_alike(self):
        for kind in (np.int64, np.uint8, np.int32, torch.tensor):
            assert noise.key(kind(0), "train", kind(5)) == noise.key(0, "train", 5)
        with pytest.raises(TypeError):
            noise.key(0.5)

    def test_every_part_and_its_kind_counts(self):
        parts = [(0,), (1,), (0, 0), ("0",), (0, "a"), (0, "b"), ("a", 0), (0, "ab"), (0, "a", "b")]
        assert len({noise.key(*p) for p in parts}) == len(parts)

    def test_seeds_numpy_and_torch(self):
        one, other = (np.random.default_rng(noise.key(1, name)).random() for name in "xy")
        assert one != other
        one, other = (torch.Generator().manual_seed(noise.key(1, name)).initial_seed() for name in "xy")
        assert (one, other) == (noise.key(1, "x"), noise.key(1, "y"))


class TestIsolated:
    def test_what_was_drawn_before_goes_on_after_it(self):
        noise.at(1, shard=1, shards=2)
        expected = noise.normal(3), noise.normal(3), torch.rand(2)
        noise.at(1, shard=1, shards=2)
        assert torch.equal(noise.normal(3), expected[0])
        with noise.isolated():
            noise.at(5)
            inside = noise.normal(3), torch.rand(2)
            with noise.isolated():
                noise.at(6)
                noise.normal(1)
                torch.rand(9)
            after = torch.rand(2)
        assert torch.equal(noise.normal(3), expected[1])
        assert torch.equal(torch.rand(2), expected[2])
        noise.at(5)
        assert torch.equal(noise.normal(3), inside[0])
        assert torch.equal(torch.rand(2), inside[1])
        assert torch.equal(torch.rand(2), after)

    def test_an_error_gives_all_back(self):
        before = torch.get_rng_state()
        with pytest.raises(ValueError, match="seeded"):
            fail_seeded()
        assert torch.equal(before, torch.get_rng_state())
        done = []
        thread = threading.Thread(target=lambda: done.append(drawn_apart()))
        thread.start()
        thread.join(10)
        assert done, "another thread waits for a lock that nobody holds"

    def test_nothing_waits_before_it_seeds(self):
        entered = threading.Event()

        def enter() -> None:
            with noise.isolated():
                entered.set()

        with noise.isolated():
            noise.at(0)
            thread = threading.Thread(target=enter)
            thread.start()
            assert entered.wait(10)
            thread.join()


def fail_seeded() -> None:
    with noise.isolated():
        noise.at(5)
        raise ValueError("seeded")


def drawn_apart() -> torch.Tensor:
    with noise.isolated():
        noise.at(0)
        return noise.normal(2)


@pytest.mark.parametrize("draw", DRAWS)
class TestDraws:
    def test_a_function_of_position(self, draw):
        noise.at(1, 2, "z")
        first, second = draw(4, 3), draw(4, 3)
        draw(100)
        noise.at(1, 2, "z")
        assert torch.equal(draw(4, 3), first)
        assert torch.equal(draw(4, 3), second)
        assert not torch.equal(first, second)
        for other in [(2, 2, "z"), (1, 3, "z"), (1, 2, "c")]:
            noise.at(*other)
            assert not torch.equal(draw(4, 3), first)

    def test_does_not_care_for_the_global_generator(self, draw):
        noise.at(1)
        first = draw(4)
        noise.at(1)
        torch.manual_seed(99)
        torch.rand(7)
        assert torch.equal(draw(4), first)

    @pytest.mark.parametrize("shards", [2, 3])
    def test_shards_are_slices_of_one_batch(self, draw, shards):
        noise.at(5, 7)
        whole = [draw(6, 2), draw(6)]
        parts = []
        for shard in range(shards):
            noise.at(5, 7, shard=shard, shards=shards)
            parts.append([draw(6 // shards, 2), draw(6 // shards)])
        for i in (0, 1):
            assert torch.equal(torch.cat([part[i] for part in parts]), whole[i])

    def test_shapes(self, draw):
        noise.at(0, shard=1, shards=2)
        assert draw(3).shape == (3,)
        assert draw(3, 2, 1).shape == (3, 2, 1)


def test_distributions():
    noise.at(0)
    z, u = noise.normal(20_000), noise.uniform(20_000)
    assert z.mean().abs() < 0.03
    assert z.std().item() == pytest.approx(1, abs=0.03)
    assert 0 <= u.min() < 0.001 < 0.999 < u.max() < 1
    assert u.mean().item() == pytest.approx(0.5, abs=0.02)


def test_torchs_own_generator_has_a_stream_for_every_shard():
    """What a user's dropout asks: it repeats, and two ranks do not drop the same."""
    drawn = []
    for shard in (0, 1, 0):
        noise.at(3, 4, shard=shard, shards=2)
        drawn.append(nn.functional.dropout(torch.ones(64)))
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[1])


class TestSchedule:
    def test_a_number_is_constant(self):
        assert [schedule.at(0.5, progress) for progress in (0, 0.3, 1)] == [0.5] * 3

    def test_linear(self):
        values = [schedule.at(schedule.linear(2.0, 4.0), progress) for progress in (0, 0.25, 0.5, 1)]
        assert values == pytest.approx([2, 2.5, 3, 4])

    def test_linear_waits_until_it_begins(self):
        late = schedule.linear(1.0, 0.0, begin=0.5)
        assert [schedule.at(late, progress) for progress in (0, 0.5, 0.75, 1, 1.5)] == pytest.approx(
            [1, 1, 0.5, 0, 0]
        )

    def test_cosine(self):
        wave = schedule.cosine(2.0, 4.0)
        values = [schedule.at(wave, progress) for progress in (0, 1 / 3, 0.5, 2 / 3, 1)]
        assert values == pytest.approx([2, 2.5, 3, 3.5, 4])
        assert schedule.at(wave, 0.01) - 2 < 0.001, "flat where it starts"

    def test_cosine_stays_where_it_ends(self):
        early = schedule.cosine(0.0, 1.0, until=0.2)
        assert [schedule.at(early, progress) for progress in (0.1, 0.2, 0.9)] == pytest.approx([0.5, 1, 1])


class TestState:
    @staticmethod
    def average():
        return State(torch.zeros(2), lambda value, mean: 0.5 * value + 0.5 * mean)

    def test_settles_on_the_mean_of_the_notes(self):
        state = self.average()
        state.note(torch.tensor([1.0, 2.0]))
        state.note(torch.tensor([3.0, 6.0]))
        assert torch.equal(state.value, torch.zeros(2)), "a note alone changes nothing"
        state.settle()
        assert torch.equal(state.value, torch.tensor([1.0, 2.0]))

    def test_each_turn_starts_afresh(self):
        state = self.average()
        for _ in range(2):
            state.note(torch.tensor([4.0, 4.0]))
            state.settle()
        assert torch.equal(state.value, torch.tensor([3.0, 3.0]))

    def test_a_turn_without_notes_leaves_it(self):
        state = State(torch.ones(1), lambda value, mean: value * 2)
        state.settle()
        assert state.value.item() == 1

    def test_a_bad_turn_leaves_it_and_is_forgotten(self):
        state = self.average()
        state.note(torch.tensor([float("nan"), 1.0]))
        state.settle(bad=torch.tensor(1.0))
        assert torch.equal(state.value, torch.zeros(2))
        state.note(torch.tensor([2.0, 2.0]))
        state.settle(bad=torch.tensor(0.0))
        assert torch.equal(state.value, torch.ones(2))

    def test_notes_carry_no_graph(self):
        state, x = self.average(), torch.ones(2, requires_grad=True)
        state.note(x * 2)
        state.settle()
        assert not state.value.requires_grad

    def test_only_the_value_survives(self):
        state = self.average()
        state.note(torch.ones(2))
        assert list(state.state_dict()) == ["value"]
        state.settle()
        other = self.average()
        other.load_state_dict(state.state_dict())
        assert torch.equal(other.value, state.value)

    def test_latest_keeps_the_last_turn(self):
        state = State(torch.zeros(1), latest)
        for value in (1.0, 5.0):
            state.note(torch.tensor([value]))
            state.settle()
        assert state.value.item() == 5


def test_lazy_and_the_rest_are_all_steps():
    lazy, rest = every(4), between(4)
    assert [step for step in range(9) if lazy(step)] == [0, 4, 8]
    assert all(lazy(step) != rest(step) for step in range(9))


def test_noise_goes_back_to_a_mark():
    noise.at(0, "here")
    noise.normal(2)
    back = noise.mark()
    first = noise.uniform(3), noise.normal(4, 2)
    back()
    again = noise.uniform(3), noise.normal(4, 2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
