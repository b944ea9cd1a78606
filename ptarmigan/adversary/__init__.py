"""An adversary in somebody else's training loop."""

from __future__ import annotations

from ptarmigan.adversary.adversary import Adversary as Adversary
