"""What the doctor says of faults that the loop itself finds."""

from __future__ import annotations


def not_finite() -> str:
    """Divergence: the treatment of terms or gradients that stay infinite or not a number."""
    return (
        "The players move too far at a step, or a number leaves what its precision can hold: "
        "try a third of the learning rate (--lr), --precision fp32, or a larger penalty"
    )
