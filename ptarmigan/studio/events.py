"""Streams of server-sent events: how one is written, and how many are open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi.responses import JSONResponse, Response, StreamingResponse

STREAMS = 32
"""Pages that are followed at once, at most."""
RETRY = {"retry-after": "5"}
QUIET = ": \n\n"
"""A comment, by which it is seen that a page is gone."""


@dataclass
class Streams:
    """The streams of a server.

    Attributes:
        open: how many there are.
    """

    open: int = 0

    def response(self, lines: AsyncIterator[str]) -> Response:
        """A stream as an answer; 503 where too many are open."""
        if self.open >= STREAMS:
            return JSONResponse({"detail": "too many pages are open"}, 503, RETRY)
        return StreamingResponse(self.counted(lines), media_type="text/event-stream")

    async def counted(self, lines: AsyncIterator[str]) -> AsyncIterator[str]:
        """A stream that is counted as long as it is open."""
        self.open += 1
        try:
            async for line in lines:
                yield line
        finally:
            self.open -= 1


def event(name: str, data: str, mark: str = "") -> str:
    """A server-sent event; JSON has no line breaks."""
    known = f"id: {mark}\n" if mark else ""
    return f"{known}event: {name}\ndata: {data}\n\n"
