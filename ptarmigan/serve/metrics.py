"""What a server says of itself: a line for each request, and numbers for Prometheus."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator

from ptarmigan.serve.guards import App, Message, Receive, Send

BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, float("inf"))
"""Seconds of the histogram."""


class Counts:
    """Requests by status, and how long they took."""

    def __init__(self) -> None:
        self.requests: Counter[int] = Counter()
        self.seconds: Counter[float] = Counter()
        self.spent = 0.0

    def add(self, status: int, seconds: float) -> None:
        """One request."""
        self.requests[status] += 1
        self.spent += seconds
        for bound in BOUNDS:
            self.seconds[bound] += seconds <= bound

    def lines(self, under_way: int) -> Iterator[str]:
        """The text format of Prometheus."""
        yield "# TYPE ptarmigan_requests_total counter"
        for status, count in sorted(self.requests.items()):
            yield f'ptarmigan_requests_total{{status="{status}"}} {count}'
        yield "# TYPE ptarmigan_request_seconds histogram"
        for bound in BOUNDS:
            edge = "+Inf" if bound == float("inf") else f"{bound:g}"
            yield f'ptarmigan_request_seconds_bucket{{le="{edge}"}} {self.seconds[bound]}'
        yield f"ptarmigan_request_seconds_sum {self.spent:.6f}"
        yield f"ptarmigan_request_seconds_count {self.requests.total()}"
        yield "# TYPE ptarmigan_under_way gauge"
        yield f"ptarmigan_under_way {under_way}"


class Measured:
    """Counts and logs every request of an application.

    Args:
        app: the application.
        counts: of the requests.
        log: takes a line for each request.
    """

    def __init__(self, app: App, counts: Counts, log: Callable[[str], None]) -> None:
        self.app, self.counts, self.log = app, counts, log

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, size = time.perf_counter(), 500, 0

        async def sent(message: Message) -> None:
            nonlocal status, size
            status, size = message.get("status", status), size + len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, sent)
        finally:
            seconds = time.perf_counter() - begun
            self.counts.add(status, seconds)
            self.log(f"{scope['method']} {scope['path'][:200]} {status} {size} bytes {1000 * seconds:.0f} ms")
