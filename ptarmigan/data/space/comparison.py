"""What measures look at: samples as vectors, as channels, and how far one is from another."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ptarmigan.data.space.encoding import Encoding

LONGEST = 256
"""Numbers that an embedding keeps of a sample, at most, unless its space knows better."""


class Comparison(Encoding):
    """Encoded samples as numbers in which they can be compared.

    Attributes:
        repeats: whether equal samples, and values that hardly any sample has, are as it should be.
        probed: samples of every kind, training, held-out and generated ones, that the doctor looks at in a
            probe, at most; fewer where one is long, so that looking costs no more than training.
    """

    repeats: ClassVar[bool] = False
    probed: ClassVar[int] = 128

    def embed(self, x: Tensor) -> NDArray[np.float64]:
        """Encoded samples as ``(n, d)`` numbers whose Euclidean distance says how alike two samples are.

        They are cheap to make, and what the doctor, the report and two-sample tests look at.
        """
        x = x.detach().float().flatten(1)
        if x.shape[1] > LONGEST:
            x = F.adaptive_avg_pool1d(x[:, None], LONGEST)[:, 0]
        return x.cpu().double().numpy()

    def adopted(self, raw: NDArray[Any], other: Encoding) -> NDArray[Any]:
        """Raw samples of another space, such as of a file that was opened apart, as raw samples of this one.

        Raises:
            ValueError: they are of another form.
        """
        if reason := self.same_form(other):
            raise ValueError(reason)
        return raw

    def planes(self, x: Tensor) -> Tensor:
        """Encoded samples as ``(n, channels, places)``: what has a meaning and a scale of its own."""
        return x.flatten(1)[:, :, None]

    def distance(self, generated: Tensor, target: Tensor) -> Tensor:
        """How far encoded samples are from those they should be, as a differentiable scalar: L1."""
        return F.l1_loss(generated, target)
