"""What a Parquet file promises, before it is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ptarmigan.core.memory import check_memory

CELL = 8
"""Bytes of a cell, at least: a few bytes of the file may say that a million are the same."""


def check_parquet(metadata: Any, path: Path) -> None:
    """See that what a Parquet file unpacks to goes into memory.

    Args:
        metadata: of pyarrow's.
        path: of the file.

    Raises:
        ValueError: it does not.
    """
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    rows = max(metadata.num_rows, sum(group.num_rows for group in groups))
    packed = sum(group.total_byte_size for group in groups)
    check_memory(packed + CELL * rows * metadata.num_columns, str(path))
