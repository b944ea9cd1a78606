"""What noisy gradients tell of any one sample, as (ε, δ): by Google's dp-accounting.

Samples are drawn one by one with the same probability (Poisson), and tables are neighbours if one has a row
more than the other. Rényi accounts of the subsampled Gaussian: Mironov et al. 2019, arXiv 1908.10530.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ptarmigan.media.optional import needs

ORDERS = (*range(2, 64), 128, 256, 512, 1024)
"""Of the Rényi divergence: whole ones, whose sums are exact."""
TOLERANCE = 1e-4
"""Of the noise."""


def library() -> Any:
    """Google's library.

    Raises:
        ValueError: it is missing.
    """
    return needs("dp_accounting", extra="private", why="private training needs dp-accounting")


def epsilon_of(noise: float, rate: float, times: int, delta: float) -> float:
    """ε after so many noisy gradients.

    Args:
        noise: standard deviation over the length that a sample's gradient has at most.
        rate: the probability with which a sample is drawn.
        times: how many gradients.
        delta: δ.
    """
    if not times:
        return 0.0
    account = library().rdp.RdpAccountant(ORDERS)
    return float(account.compose(event(noise, rate, times)).get_epsilon(delta))


@lru_cache
def noise_for(epsilon: float, rate: float, times: int, delta: float) -> float:
    """The least noise with which ε is not exceeded; see ``epsilon_of``.

    Raises:
        ValueError: dp-accounting is missing, or no noise is enough.
    """
    if epsilon <= 0:
        raise ValueError(f"--epsilon {epsilon:g}: it must be above 0")
    known = library()
    try:
        found = known.calibrate_dp_mechanism(
            lambda: known.rdp.RdpAccountant(ORDERS),
            lambda noise: event(noise, rate, times),
            epsilon,
            delta,
            known.LowerEndpointAndGuess(0.1, 2.0),
            tol=TOLERANCE,
        )
    except known.mechanism_calibration.NoBracketIntervalFoundError:
        raise ValueError(f"--epsilon {epsilon:g}: no noise gives it in {times:,} moves") from None
    return float(found) + TOLERANCE


def event(noise: float, rate: float, times: int) -> Any:
    """What is composed."""
    known = library()
    once = known.PoissonSampledDpEvent(rate, known.GaussianDpEvent(noise))
    return known.SelfComposedDpEvent(once, times)
