"""How much memory there is, and whether what somebody asks for, or a file promises, goes into it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""What a container may use, and what it does, in both versions of Linux's control groups."""
MEMINFO = "/proc/meminfo"


def free_memory() -> int:
    """Bytes of memory that can be had: of the machine, of this container, and by ``ulimit -v``."""
    return max(0, min(_limits()))


def check_memory(need: int, what: str, hint: str = "") -> None:
    """See that something goes into memory before any is taken.

    Args:
        need: bytes.
        what: needs them: "1,000,000 samples".
        hint: what to do where they are not to be had.

    Raises:
        ValueError: there are not so many.
    """
    free = free_memory()
    if need > free:
        ending = f": {hint}" if hint else ""
        raise ValueError(f"{what} would take {amount(need)} of memory, and {amount(free)} are free{ending}")


def amount(size: float) -> str:
    """Bytes in words: ``1.5 GiB``."""
    for unit in UNITS[:-1]:
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.4g} {UNITS[-1]}"


def _limits() -> Iterator[int]:
    yield _available()
    for most, used in CGROUPS:
        limit, now = _number(most), _number(used)
        if limit is not None and now is not None:
            yield limit - now
    yield from _by_ulimit()


def _available() -> int:
    """Of the machine: what Linux says is to be had, elsewhere all that there is."""
    try:
        for line in Path(MEMINFO).read_text().splitlines():
            name, _, rest = line.partition(":")
            if name == "MemAvailable":
                return int(rest.split()[0]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows
        return 1 << 62


def _by_ulimit() -> Iterator[int]:
    try:
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            yield soft - pages * resource.getpagesize()
    except (ImportError, OSError, ValueError):  # Windows, and where there is no /proc
        return


def _number(path: str) -> int | None:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):  # there is none, or it says "max"
        return None
