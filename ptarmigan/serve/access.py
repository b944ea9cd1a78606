"""Who may ask a server: by the name that is asked for, the page that asks, and a secret."""

from __future__ import annotations

import hmac
import ipaddress
import platform
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple

LOOPBACK = ("127.0.0.1", "::1", "localhost")
EVERYWHERE = ("0.0.0.0", "::")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
SHORTEST = 16
"""Characters of a token that a person chose, at least."""


class Refusal(NamedTuple):
    """An HTTP status, and why."""

    status: int
    words: str


@dataclass
class Access:
    """What a request must have to be answered.

    A page is opened by a ``ticket`` in its address, which is good for one exchange against a cookie, so that
    an address in a history or a log opens nothing. A token that a person chose is good for any
    number, also as ``Authorization: Bearer``.

    Attributes:
        host: the address that the server listens at.
        port: its port.
        token: the secret of cookies and of programs; empty where anybody on this machine may ask.
        chosen: whether a person chose the token.
        ticket: the secret in the address that is printed; another one after each use.
    """

    host: str
    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    chosen: bool = False
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def cookie(self) -> str:
        """The name of the cookie: browsers send a host's cookies to all of its ports."""
        return f"ptarmigan-{self.port}"

    @property
    def local(self) -> bool:
        """Whether only this machine reaches the server."""
        return is_loopback(self.host)

    @property
    def address(self) -> str:
        """Where a person opens it, without a secret."""
        name = platform.node() if self.host in EVERYWHERE else self.host
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}"

    def names(self) -> set[str]:
        """What the server may be called in a request: else another site's name leads here (DNS rebinding)."""
        names = {*LOOPBACK} if self.local else {*LOOPBACK, self.host, platform.node()}
        return {f"{f'[{name}]' if ':' in name else name}:{self.port}".lower() for name in names}

    def refuses(self, method: str, headers: Mapping[str, str]) -> Refusal | None:
        """Why a request is not answered; None where it is."""
        host = headers.get("host", "").lower()
        if host not in self.names() and not (self.host in EVERYWHERE and is_number(host, self.port)):
            return Refusal(403, f"this server is not called that: open {self.address}")
        if method not in SAFE and (words := self.foreign(headers, host)):
            return Refusal(403, words)
        if self.token and not self.knows(headers):
            return Refusal(403, "open the address that the terminal printed, or send the token")
        return None

    def foreign(self, headers: Mapping[str, str], host: str) -> str:
        """Whether a page of another site asks for a change; a program with the token sends no origin."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
            return "a page of another site asked for this"
        if site not in (None, "same-origin", "none"):
            return "a page of another site asked for this"
        if origin is None and self.token and not self.bears(headers):
            return "what changes something says its origin"
        return ""

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether the request has the token, as a program's or in the cookie."""
        return self.bears(headers) or equal(cookie_of(headers.get("cookie", ""), self.cookie), self.token)

    def bears(self, headers: Mapping[str, str]) -> bool:
        """Whether a program sent the token."""
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        return self.chosen and scheme.lower() == "bearer" and equal(sent.strip(), self.token)

    def admits(self, given: str) -> bool:
        """Whether what stands in an address opens the page; a ticket is used up by that."""
        if self.chosen:
            return equal(given, self.token)
        if not equal(given, self.ticket):
            return False
        self.ticket = secrets.token_urlsafe(24)
        return True


def is_loopback(host: str) -> bool:
    """Whether an address is of this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_number(host: str, port: int) -> bool:
    """Whether a ``Host`` is an address in numbers and that port: no site's name leads there."""
    name, _, asked = host.rpartition(":")
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return asked == str(port)


def cookie_of(header: str, name: str) -> str:
    """The value of a cookie; empty where there is none."""
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return "" if found is None else found.value


def equal(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
