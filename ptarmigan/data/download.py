"""Files from the network: mirrors tried in turn, interrupted transfers resumed, checksums always verified."""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock

from ptarmigan.media.files import replace
from ptarmigan.media.foreign import open_binary
from ptarmigan.media.progress import Bar

CHUNK = 1 << 16
TRIES = 5
"""How often one address is asked to go on after it broke off."""


class _FailedError(Exception):
    """An address did not give what was wanted; the message says why."""


class _BrokeOffError(_FailedError):
    """An address gave part of what was wanted."""


def fetch(urls: Sequence[str], path: Path, checksum: str, size: int, *, timeout: float = 30.0) -> Path:
    """``path``, downloaded from the first of ``urls`` that gives the right bytes unless it is there already.

    What has arrived waits in ``path`` + ``.part``, and a later call goes on from there. Only a file whose
    checksum is right is renamed to ``path``; a wrong one is removed and the next address tried.

    Args:
        urls: http or https addresses of the same file.
        path: where the file goes; its folder is made.
        checksum: md5 (32 digits) or sha256 (64 digits), hexadecimal.
        size: bytes in the file; no more is ever read.
        timeout: seconds without an answer after which an address is given up.

    Raises:
        FileNotFoundError: no address gave the file; the message names each, and why.
        ValueError: an address is not http(s), the checksum is neither, or the file cannot be written.
    """
    for url in urls:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"{url} is not an http or https address")
    if path.exists():
        return path
    algorithm = {32: "md5", 64: "sha256"}.get(len(checksum))
    if algorithm is None:
        raise ValueError(f"{checksum} is neither an md5 nor a sha256")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(path.name + ".lock")):  # else all processes of a run would fetch it
            if not path.exists():  # another process may have fetched it meanwhile
                _first(urls, path, algorithm, checksum.lower(), size, timeout)
            return path
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(
            f"{path} cannot be written ({error.strerror}): free or choose a place with $PTARMIGAN_CACHE"
        ) from error


def _first(urls: Sequence[str], path: Path, algorithm: str, checksum: str, size: int, timeout: float) -> None:
    part = path.with_name(path.name + ".part")
    reasons = []
    for url in urls:
        try:
            _get(url, part, algorithm, checksum, size, timeout)
        except _FailedError as error:
            reasons.append(f"{url}: {error}")
        else:
            replace(part, path)
            return
    raise FileNotFoundError(f"{path.name} could not be downloaded ({'; '.join(reasons)}): put it at {path}")


def _get(url: str, part: Path, algorithm: str, checksum: str, size: int, timeout: float) -> None:
    """Complete ``part`` from ``url`` and verify it; a wrong one is removed."""
    resumed = part.exists() and part.stat().st_size > 0
    _complete(url, part, size, timeout)
    found = _digest(part, algorithm)
    if found == checksum:
        return
    part.unlink()
    if resumed:  # what was there before may be to blame, so the address gets a chance of its own
        return _get(url, part, algorithm, checksum, size, timeout)
    raise _FailedError(f"{algorithm} should be {checksum} but is {found}")


def _complete(url: str, part: Path, size: int, timeout: float) -> None:
    with open(part, "ab") as file, Bar(size, part.name.removesuffix(".part"), unit="bytes") as bar:
        if file.tell() > size:
            file.truncate(0)
        for left in reversed(range(TRIES)):
            before = _end(file)
            if before == size:
                break
            try:
                _transfer(url, file, size, timeout, bar.reach)
            except _BrokeOffError:
                if not left or _end(file) <= before:
                    raise


def _transfer(url: str, file: BinaryIO, size: int, timeout: float, report: Callable[[float], None]) -> None:
    """Ask ``url`` for what ``file`` lacks, or for all of it where the server cannot resume, and append it."""
    start = _end(file)
    with _answer(url, start, timeout) as answer:
        if answer.status == 206:
            if _span(answer) != (start, size):
                raise _FailedError(
                    f"answers with the wrong part of the file, {answer.headers['Content-Range']!r}"
                )
        else:
            start = 0
            file.truncate(0)
            if answer.length is not None and answer.length != size:
                raise _FailedError(f"offers {answer.length} bytes where the file has {size}")
        report(start)
        while start < size:
            chunk = _more(answer, min(CHUNK, size - start), timeout)
            if not chunk:
                raise _BrokeOffError(f"broke off after {start} of {size} bytes")
            file.write(chunk)
            start += len(chunk)
            report(start)


def _end(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _span(answer: http.client.HTTPResponse) -> tuple[int, int] | None:
    """Where the part that the answer holds starts, and how long the whole file is."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers["Content-Range"] or "")
    return (int(found[1]), int(found[2])) if found else None


def _answer(url: str, start: int, timeout: float) -> http.client.HTTPResponse:
    headers = {"User-Agent": "ptarmigan", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with _reasons(timeout):
        answer = _opener().open(urllib.request.Request(url, headers=headers), timeout=timeout)
        assert isinstance(answer, http.client.HTTPResponse)
        return answer


def _more(answer: http.client.HTTPResponse, n: int, timeout: float) -> bytes:
    with _reasons(timeout):
        return answer.read1(n)


def _opener() -> urllib.request.OpenerDirector:
    """Like urllib's own, without ftp, file and data, so that no redirection leads there."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


@contextmanager
def _reasons(timeout: float) -> Iterator[None]:
    """What the network can raise, as a reason for people."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise _FailedError(f"HTTP {error.code} {error.reason}") from None
    except TimeoutError:
        raise _FailedError(f"no answer for {timeout:g} s") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise _FailedError(f"no answer for {timeout:g} s") from None
        raise _FailedError(str(error.reason)) from None
    except (OSError, http.client.HTTPException) as error:
        raise _BrokeOffError(str(error) or type(error).__name__) from None


def _digest(path: Path, algorithm: str) -> str:
    with open_binary(path) as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
