"""What training measures of samples, for tests."""

from __future__ import annotations

from ptarmigan.data.samples import Samples
from ptarmigan.metrics.panel import Metric
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.registry import modality_of


def metrics_of(samples: Samples, n: int | None = None) -> tuple[Metric, ...]:
    """The metrics of ``n`` samples like these."""
    return modality_of(samples.space).evaluator(samples, Request(n=n)).metrics
