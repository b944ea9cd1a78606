"""What stands before every answer, as plain ASGI: WebSockets and errors do not get around it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

from ptarmigan.core.text import printable
from ptarmigan.serve.access import SAFE, Access, Refusal

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

MOST = 16 << 20
"""Bytes of a request's body."""
PATIENCE = 30.0
"""Seconds in which a body must have come."""
BODIES = frozenset({"application/json", "image/png", "image/jpeg", "image/webp", "text/csv"})
"""Types of bodies, none of which a page of another site can send without being asked first."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
    " media-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Answers what may be answered, and refuses everything else before the application sees it.

    Args:
        app: the application.
        access: who may ask.
        told: is called with a new ticket's address when the last one was used or came too late.
    """

    def __init__(self, app: App, access: Access, told: Callable[[str], None] = lambda _: None) -> None:
        self.app, self.access, self.told = app, access, told

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self.http(scope, receive, guarded(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def http(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        headers = read_headers(scope)
        if (query := self.exchange(scope, headers)) is not None:
            cookie = f"{self.access.cookie}={self.access.token}; HttpOnly; SameSite=Strict; Path=/"
            await answer(send, 303, b"", {"location": f"/?{query}".rstrip("?"), "set-cookie": cookie})
            return
        refusal = self.access.refuses(scope["method"], headers) or unfit(scope["method"], headers)
        if refusal is not None:
            await refuse(send, refusal)
            return
        try:
            body = await asyncio.wait_for(read_body(headers, receive), PATIENCE)
        except TimeoutError:
            await refuse(send, Refusal(408, f"the request did not arrive in {PATIENCE:.0f} seconds"))
            return
        if body is None:
            await refuse(send, Refusal(413, f"a request has at most {MOST >> 20} MiB"))
        else:
            await self.app(scope, replay(body, receive), send)

    def exchange(self, scope: Message, headers: Mapping[str, str]) -> str | None:
        """The rest of the query of an address with a good token; None of any other request."""
        if scope["path"] != "/" or scope["method"] != "GET" or b"token=" not in scope["query_string"]:
            return None
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        given = query.pop("token", "")
        if headers.get("host", "").lower() not in self.access.names():
            return None
        if self.access.knows(headers):  # it was opened before in this browser
            return urlencode(query)
        if self.access.admits(given):
            self.told(f"{self.access.address}/?token={self.access.ticket}")
            return urlencode(query)
        return None


def read_headers(scope: Message) -> dict[str, str]:
    """Headers by name in small letters; of one that comes twice both, which are equal to nothing."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def unfit(method: str, headers: Mapping[str, str]) -> Refusal | None:
    """Why the body of a request is not read; None where it is."""
    if method in SAFE:
        return None
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in BODIES:
        return Refusal(415, f"the body is JSON or a picture, with its Content-Type, not {kind or 'nothing'}")
    return None


async def read_body(headers: Mapping[str, str], receive: Receive) -> bytes | None:
    """The body of a request; None where it is too large, of which no more is read."""
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST:
            return None
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body, then whatever comes, such as that the client is gone."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received


def guarded(send: Send) -> Send:
    """The same with the headers that browsers go by; a file that never changes may say that it is kept."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = [*message.get("headers", ())]
            names = {name.lower() for name, _ in there}
            more = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in names]
            message = {**message, "headers": there + more}
        await send(message)

    return sent


async def refuse(send: Send, refusal: Refusal) -> None:
    """Answer with why not."""
    body = json.dumps({"detail": printable(refusal.words)}).encode()
    await answer(send, refusal.status, body, {"content-type": "application/json", "connection": "close"})


async def answer(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    """A whole response."""
    lines = {**headers, "content-length": str(len(body))}
    plain = [(name.encode(), value.encode("latin-1", "replace")) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": status, "headers": plain})
    await send({"type": "http.response.body", "body": body})
