"""Progress on stderr: a bar, or a line of status."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TextIO, TypeVar, cast

from ptarmigan.core.text import printable
from ptarmigan.media.console import messages, on_terminal, say
from ptarmigan.media.show import text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

Part = TypeVar("Part", bound=Sized)
Unit = Literal["count", "bytes", "share"]


class Bar:
    """A progress bar, which is drawn on a terminal only.

    Args:
        total: the amount of work.
        title: before the bar.
        start: the amount that was done before.
        unit: progress is shown as a count, as bytes with their speed, or as a percentage.
        keep: leave the bar on the screen at the end.
        shown: False draws no bar.
    """

    def __init__(
        self,
        total: float,
        title: str = "",
        *,
        start: int = 0,
        unit: Unit = "count",
        keep: bool = False,
        shown: bool = True,
    ) -> None:
        self._bar = _progress(unit, keep) if shown and on_terminal() else None
        if self._bar is not None:
            self._task = self._bar.add_task(printable(title), total=total, completed=start, note="")
            self._bar.start()

    def advance(self, count: float = 1) -> None:
        """Add ``count`` to the amount that is done."""
        if self._bar is not None:
            self._bar.advance(self._task, count)

    def reach(self, done: float) -> None:
        """Set the amount that is done."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done)

    def note(self, words: str) -> None:
        """Show some words at the end of the bar."""
        if self._bar is not None:
            self._bar.update(self._task, note=printable(words))

    def say(self, words: str) -> None:
        """One line above the bar."""
        if self._bar is not None:
            self._bar.console.print(text(words))
        else:
            say(words)

    def close(self) -> None:
        """Stop drawing."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()


def counted(parts: Iterable[Part], total: int, title: str = "", *, shown: bool = True) -> Iterator[Part]:
    """Iterate over arrays or lists, with a bar that counts their items."""
    with Bar(total, title, shown=shown) as bar:
        for part in parts:
            yield part
            bar.advance(len(part))


@contextmanager
def status(*, shown: bool = True) -> Iterator[Callable[[str], None]]:
    """A status line: a function that sets its text."""
    if not shown or not on_terminal():
        yield lambda words: None
        return
    with drawing().status("") as line:
        yield lambda words: line.update(text(words))


def _progress(unit: Unit, keep: bool) -> Progress:
    from rich import progress

    amounts = {
        "count": (progress.MofNCompleteColumn(),),
        "bytes": (progress.DownloadColumn(), progress.TransferSpeedColumn()),
        "share": (progress.TaskProgressColumn(),),
    }
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=20),
        *amounts[unit],
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[note]}", style="dim", markup=False),
    )
    return progress.Progress(*columns, console=drawing(), transient=not keep, refresh_per_second=4)


def drawing() -> Console:
    """Where rich draws on stderr."""
    from rich.console import Console

    return Console(file=cast(TextIO, messages()))
