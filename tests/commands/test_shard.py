"""Several processes make the samples of one."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path

import numpy as np
import pytest

import ptarmigan
from ptarmigan.cli import dispatch
from ptarmigan.commands.sample import shard_of
from ptarmigan.core.errors import UsageError
from ptarmigan.tasks.generate import CHUNK, Shard

N = 2 * CHUNK + 5


@pytest.fixture(scope="module", params=["toy.gan", "image.gan", "table.ctgan"])
def run(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / request.param
    data = {"toy.gan": "moons", "image.gan": "digits"}.get(request.param)
    if data is None:
        data = str(out.parent / "rows.csv")
        rows = [f"{i % 7},{'abc'[i % 3]}" for i in range(60)]
        Path(data).write_text("\n".join(["number,letter", *rows]) + "\n")
    options = {"steps": 1, "batch": 20, "score_every": 0, "vitals": False, "quiet": True}
    ptarmigan.train(request.param, data=data, out=out, **options)
    return out


def sampled(run, out, *more):
    dispatch(["sample", str(run), "--n", str(N), "--seed", "3", "--out", str(out), *more])


def test_shards_together_are_to_the_byte_what_one_process_makes(run, tmp_path):
    sampled(run, tmp_path / "whole")
    together = tmp_path / "together"
    together.mkdir()
    for i in (1, 2):
        sampled(run, tmp_path / str(i), "--shard", f"{i}/2")
        for file in sorted((tmp_path / str(i)).iterdir()):
            with open(together / file.name, "ab") as target, open(file, "rb") as part:
                assert target.tell() == 0 or file.suffix == ".csv"
                shutil.copyfileobj(part, target)
    names = sorted(file.name for file in (tmp_path / "whole").iterdir())
    assert sorted(file.name for file in together.iterdir()) == names
    assert filecmp.cmpfiles(tmp_path / "whole", together, names, shallow=False)[0] == names


def test_arrays_of_shards_follow_on(run, tmp_path):
    sampled(run, tmp_path / "whole.npy")
    for i in (1, 2, 3):
        sampled(run, tmp_path / f"{i}.npy", "--shard", f"{i}/3")
    parts = [np.load(tmp_path / f"{i}.npy") for i in (1, 2, 3)]
    np.testing.assert_array_equal(np.concatenate(parts), np.load(tmp_path / "whole.npy"))


@pytest.mark.parametrize("n", [1, 63, 64, 65, 1000])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_every_sample_is_of_one_shard(n, count):
    spans = [Shard(i, count).span(n) for i in range(count)]
    assert [number for span in spans for number in span] == list(range(n))


@pytest.mark.parametrize("words", ["0/2", "3/2", "1", "a/b", "/", "1/0"])
def test_other_words_are_no_shard(words):
    with pytest.raises(UsageError, match="expected i/k"):
        shard_of(words, None, N)


def test_a_shard_without_samples_is_refused(run, tmp_path):
    with pytest.raises(UsageError, match="none is left"):
        shard_of("1/4", ptarmigan.load(run), 64)
