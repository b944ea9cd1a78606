"""A server at an address, until a signal: it then finishes what is under way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from ptarmigan.core.errors import UsageError
from ptarmigan.media.foreign import read_bytes
from ptarmigan.media.optional import needs
from ptarmigan.media.show import show
from ptarmigan.serve.access import SHORTEST, Access
from ptarmigan.training.signals import Ended

if TYPE_CHECKING:
    from ptarmigan.serve.guards import App

TOKEN = "PTARMIGAN_TOKEN"
"""The environment variable of a token; one on the command line could be read in the list of processes."""
CONNECTIONS = 128
"""At once, at most; others are answered with 503."""


def check_installed() -> None:
    """See that the packages of the extra are there.

    Raises:
        MissingPackageError: they are not.
    """
    for module in ("fastapi", "uvicorn"):
        needs(module, extra="studio", why="the studio and serving need FastAPI and uvicorn")


def listen(host: str, port: int) -> socket.socket:
    """A socket at an address.

    Raises:
        UsageError: the port is in use, or there is no such address here.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(CONNECTIONS)
    except (OSError, OverflowError) as error:
        found.close()
        raise UsageError(
            f"--port {port}: {getattr(error, 'strerror', None) or error} at {host}: choose another --port"
        ) from None
    return found


def read_token(file: str) -> str:
    """The token that a person chose, in a file or in the environment; empty where there is none.

    Raises:
        UsageError: it is too short to be a secret.
        FileNotFoundError: there is no such file.
    """
    where = f"--token-file {file}" if file else TOKEN
    token = (
        read_bytes(Path(file), 4096).decode(errors="replace") if file else os.environ.get(TOKEN, "")
    ).strip()
    if (file or token) and (len(token) < SHORTEST or not token.isascii() or not token.isprintable()):
        raise UsageError(f"{where}: a token has {SHORTEST} plain characters or more")
    if any(c in token for c in ' ";,\\'):
        raise UsageError(f'{where}: a token has no blanks and none of ";,\\')
    return token


def access_of(host: str, port: int, token: str, *, alone: bool) -> Access:
    """Who may ask a server.

    Args:
        host: where it listens.
        port: its port.
        token: what a person chose; empty where nothing.
        alone: without a token on this machine, whoever is on it may ask (a server of programs); else a page
            is opened by a ticket.

    Raises:
        UsageError: others can reach it, and there is no token.
    """
    found = Access(host, port)
    if token:
        return Access(host, port, token, chosen=True)
    if not found.local:
        raise UsageError(
            f"--host {host}: others can reach it there, which needs a token: give a --token-file "
            f"or set {TOKEN}"
        )
    return Access(host, port, "") if alone else found


def announce(words: str) -> None:
    """A line on stdout that is seen now, also through a pipe."""
    show(words)
    sys.stdout.flush()


def run(app: App, listening: socket.socket, *, stopping: Callable[[], None], grace: float = 10.0) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        app: the application behind its guards.
        listening: the socket.
        stopping: is called when it is to end, so that streams that never end do.
        grace: seconds in which what is under way may be finished.
    """
    import uvicorn

    class Server(uvicorn.Server):
        """One that says that it ends before it waits for its connections."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            stopping()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        ws="none",
        lifespan="on",
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(grace),
        h11_max_incomplete_event_size=32 << 10,
    )
    with contextlib.suppress(KeyboardInterrupt, Ended):  # the signal, once more, when all is done
        asyncio.run(Server(config).serve(sockets=[listening]))
