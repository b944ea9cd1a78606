"""When a way back reads from outputs what nobody sees in them, by how inputs come back through noise."""

from __future__ import annotations

GROWS = 3.0
"""Outputs hide information where noise multiplies the cycle error by more than this."""
VISIBLE = 0.05
"""A cycle error below this is ignored; a share of the range, or of the pixels."""
