"""The likelihood of simulated rows under mixtures of Gaussians, and the other way round, as in SDGym."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import NDArray


class Likelihoods(NamedTuple):
    """Mean logarithms of densities, in nats; higher is better.

    Attributes:
        synthetic: of the synthetic rows, under a mixture fitted to real ones: low where rows are implausible.
        test: of real rows, under a mixture fitted to the synthetic ones: low where modes are missing.
    """

    synthetic: float
    test: float


def likelihoods(synthetic: NDArray[Any], test: NDArray[Any], modes: int) -> Likelihoods:
    """The likelihoods of rows ``(n, columns)``, by mixtures of ``modes`` Gaussians with diagonal covariance.

    Xu et al. 2019, arXiv 1907.00503, section 5.1.
    """
    from sklearn.mixture import GaussianMixture

    def fitted(rows: NDArray[Any]) -> Any:
        return GaussianMixture(modes, covariance_type="diag", random_state=0).fit(rows)

    return Likelihoods(float(fitted(test).score(synthetic)), float(fitted(synthetic).score(test)))
