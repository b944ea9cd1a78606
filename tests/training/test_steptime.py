"""The benchmark of step times: both loops train the same networks."""

from __future__ import annotations

import sys

import pytest
import torch
from conftest import ROOT


@pytest.mark.parametrize("way", ["plain", "ours"])
def test_both_loops_move_all_weights_and_keep_them_finite(way, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    import steptime

    torch.manual_seed(0)
    run = steptime.run_of(8, 4, 8)
    before = {name: p.detach().clone() for name, p in run.game.named_parameters()}
    step = steptime.WAYS[way](run)
    for _ in range(2):
        step()
    for name, p in run.game.named_parameters():
        assert p.isfinite().all()
        assert not torch.equal(p, before[name]), name
