"""What is equal on all ranks is what it was, after ranks have taken its mean."""

from __future__ import annotations

import subprocess
import sys

from conftest import environment

CODE = """
import torch, torch.distributed as dist
from ptarmigan.training.distributed import mean_over_ranks
dist.init_process_group("gloo")
noise = torch.Generator().manual_seed(0)
same, before = (torch.randn(1000, generator=noise.manual_seed(0)) for _ in range(2))
own = torch.full((4,), float(dist.get_rank()))
mean_over_ranks([same, own], exact=True)
assert torch.equal(same, before), (same != before).sum()
assert own.tolist() == [1.0] * 4
"""


def test_equal_values_of_three_ranks_stay_what_they_are(tmp_path) -> None:
    script = tmp_path / "ranks.py"
    script.write_text(CODE)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=3"]
    done = subprocess.run(
        [*launch, str(script)], env=environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
