"""Settings of a training, common to all recipes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

MANY = 1_024
"""Threads, at most: more than any processor has."""


SHORTEST = 20
"""Steps between pictures, scores and checkpoints, at least: each takes longer than a step."""


@dataclass(frozen=True)
class Settings:
    """Of the training, for any recipe. An interval of None is a tenth of the run, or 20 steps; 0 is never."""

    device: str = "auto"
    """auto, cpu, cuda, mps."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """Of forward passes; auto is bf16 where the hardware supports it. Penalties are always fp32."""
    accumulate: int = 1
    """Micro-batches in a batch: less memory, the same step."""
    threads: int = 0
    """CPU threads; 0 is one for a small step, else all cores. A run keeps its number when it is resumed."""
    compile: bool = False
    """Compile the networks; never where second derivatives are needed."""
    deterministic: bool = False
    """Bit-identical repetition on a GPU too; on a CPU it is always so."""
    minutes: float = 0.0
    """Stop after this many minutes of training (0: no limit)."""
    patience: int = 0
    """Stop after this many scores in a row without a better one (0: no limit)."""
    tolerance: float = 0.0
    """Stop when weights and losses change by less than this fraction between lines of the log (0: never)."""
    log_every: int = 50
    """Steps between lines of the log."""
    vitals: bool = True
    """Measure and log vital signs for the doctor, at about a hundred steps of the run."""
    sample_every: int | None = None
    """Steps between pictures of samples."""
    score_every: int | None = None
    """Steps between scores of the EMA weights; the best is kept."""
    save_every: int | None = None
    """Steps between checkpoints; one is also written every five minutes."""
    rescue: int = 0
    """Treatments of a faulty run, at most: roll back to a good checkpoint, change options, go on."""
    score_samples: int = 2_500
    """Samples in a score."""
    start_from: str = ""
    """A run's folder or file of weights, which a new run takes over where names and shapes are the same."""
    freeze_discriminator: int = 0
    """The first layers of the discriminator that are not trained, after --start-from (FreezeD)."""
    keep: int = 2
    """Checkpoints that are kept besides the best."""

    def interval(self, every: int | None, steps: int) -> int:
        """An interval in steps: as given, or a tenth of the run, which is no fewer than ``SHORTEST``."""
        return max(min(SHORTEST, steps), steps // 10) if every is None else every

    def check(self) -> None:
        """Check that no setting needs one that is turned off.

        Raises:
            ValueError: it is.
        """
        if self.rescue and not (self.vitals and self.log_every):
            raise ValueError("--rescue goes by vital signs: it needs --vitals and a --log-every above 0")
        if self.freeze_discriminator and not self.start_from:
            raise ValueError(
                "--freeze-discriminator keeps layers as they were trained: it needs --start-from"
            )
        if self.threads > MANY:
            raise ValueError(f"--threads {self.threads}: at most {MANY}")
        if self.patience and self.score_every == 0:
            raise ValueError("--patience counts scores: it needs a --score-every above 0")


def pick_device(name: str) -> torch.device:
    """The device of that name; ``auto`` is the fastest one.

    Raises:
        ValueError: there is no such device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"--device {name}: no such device here; choose one of {', '.join(devices())}"
        ) from error
    return device


def devices() -> list[str]:
    """The devices of this machine."""
    found = ["cpu"]
    if torch.cuda.is_available():
        found += [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return found


def try_compiling(device: torch.device) -> None:
    """Check that networks can be compiled on this machine, before training starts.

    Raises:
        ValueError: nothing can: on a CPU it takes a C++ compiler, on a GPU Triton.
    """
    try:
        torch.compile(torch.sin)(torch.zeros(2, device=device))
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"--compile: nothing can be compiled here, leave it out ({reason})") from error


def pick_precision(name: str, device: torch.device, *, half: bool) -> torch.dtype | None:
    """The dtype of autocast, or None for fp32.

    Args:
        name: auto, fp32, bf16; auto is bf16 where it pays and the hardware has it.
        device: the hardware.
        half: half precision pays: the networks are convolutions.
    """
    if name == "auto":
        name = "bf16" if half and has_bf16(device) else "fp32"
    return torch.bfloat16 if name == "bf16" else None


def has_bf16(device: torch.device) -> bool:
    """Whether the hardware has bf16 multiplication, and does not emulate it."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
