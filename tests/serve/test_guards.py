"""Nobody is answered but who may ask: the security requirements of what listens, each on its own."""

from __future__ import annotations

import os
import socket

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from ptarmigan.core.errors import UsageError
from ptarmigan.serve.access import Access, is_loopback
from ptarmigan.serve.guards import MOST, POLICY, Guard
from ptarmigan.serve.server import access_of, listen, read_token

HOST = "127.0.0.1:8000"
HERE = {"host": HOST, "origin": f"http://{HOST}", "content-type": "application/json"}
TOKEN = "a-token-of-my-own-choice"


async def echo(scope, receive, send):
    """Answers with the length of what it was sent."""
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(message["body"])).encode()})


def client(access: Access, told=lambda _: None) -> TestClient:
    return TestClient(Guard(echo, access, told), base_url=f"http://{HOST}", follow_redirects=False)


@pytest.fixture
def access() -> Access:
    return Access("127.0.0.1", 8000)


@pytest.fixture
def page(access: Access) -> TestClient:
    """A browser that opened the address."""
    found = client(access)
    assert found.get(f"/?token={access.ticket}").status_code == 303
    return found


def test_an_address_opens_a_page_once(access):
    told = []
    browser, other = client(access, told.append), client(access)
    ticket = access.ticket
    answer = browser.get(f"/?token={ticket}&lang=zh")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?lang=zh")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("ptarmigan-8000=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert ticket not in cookie
    assert browser.get("/").status_code == 200
    assert browser.get(f"/?token={ticket}").headers["location"] == "/"  # a bookmark of who is in already
    assert other.get(f"/?token={ticket}").status_code == 403
    assert other.get(told[0].partition(":8000")[2]).status_code == 303


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=%F0%9F%90%A6"])
def test_nobody_else_is_let_in(access, query):
    assert client(access).get(f"/{query}").status_code == 403
    stranger = client(access)
    stranger.cookies.set("ptarmigan-8000", "guessed")
    assert stranger.get("/api/runs").status_code == 403
    assert (
        client(access).get("/api/runs", headers={"authorization": f"Bearer {access.token}"}).status_code
        == 403
    )


def test_a_token_of_ones_own_is_for_programs_too():
    access = Access("127.0.0.1", 8000, TOKEN, chosen=True)
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert client(access).get("/", headers=bearer).status_code == 200
    assert client(access).post("/", headers={**bearer, "content-type": "application/json"}).status_code == 200
    assert client(access).get("/", headers={"authorization": f"Basic {TOKEN}"}).status_code == 403
    for _ in range(2):
        assert client(access).get(f"/?token={TOKEN}").status_code == 303


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1",
        "127.0.0.1:80",
        "localhost:8001",
        "127.0.0.1.evil.example:8000",
        "",
        "localhost:8000@evil.example",
        "[::1]:9000",
        "127.0.0.1:8000/x?",
        "127.0.0.1:8000, localhost:8000",
    ],
)
def test_a_site_that_leads_here_by_its_own_name_gets_nothing(page, host):
    assert page.get("/", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"])
def test_names_of_this_machine_are_known(access, host):
    assert host.lower() in access.names()
    assert access.refuses("GET", {"host": host, "cookie": f"{access.cookie}={access.token}"}) is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "more",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8001"},
        {"origin": None},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_page_of_another_site_changes_nothing(page, method, more):
    headers = {name: value for name, value in (HERE | more).items() if value is not None}
    assert page.request(method, "/api/start", headers=headers).status_code == 403
    assert page.request(method, "/api/start", headers=HERE).status_code == 200


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_what_a_form_can_send_is_not_read(page, kind):
    assert page.post("/", headers=HERE | {"content-type": kind}, content=b"{}").status_code == 415


def test_no_body_is_larger_than_said(page):
    assert page.post("/", headers=HERE, content=bytes(MOST)).text == str(MOST)
    assert page.post("/", headers=HERE, content=bytes(MOST + 1)).status_code == 413
    pieces = (bytes(1 << 20) for _ in range(17))
    assert page.post("/", headers=HERE, content=pieces).status_code == 413
    assert page.post("/", headers=HERE | {"content-length": "-1"}, content=b"").status_code == 413


def test_every_answer_has_the_headers_that_browsers_go_by(page, access):
    for answer in (
        page.get("/"),
        client(access).get("/"),
        page.post("/", headers=HERE | {"content-type": "x"}),
    ):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "unsafe" not in POLICY


def test_websockets_do_not_get_around_it(page):
    with pytest.raises(WebSocketDisconnect), page.websocket_connect("/"):
        pass


def test_other_machines_need_a_token_of_the_users():
    with pytest.raises(
        UsageError, match=r"--host 0\.0\.0\.0: others can reach it there, which needs a token"
    ):
        access_of("0.0.0.0", 1, "", alone=False)
    assert access_of("0.0.0.0", 1, TOKEN, alone=False).chosen
    assert access_of("127.0.0.1", 1, "", alone=False).token
    assert [is_loopback(host) for host in ("127.0.0.1", "::1", "localhost", "10.0.0.1", "x")] == [
        True
    ] * 3 + [False] * 2
    there = Access("0.0.0.0", 8000, TOKEN, chosen=True)
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert there.refuses("GET", {"host": "10.0.0.7:8000", **bearer}) is None
    assert there.refuses("GET", {"host": "evil.example:8000", **bearer}).status == 403


@pytest.mark.parametrize(
    "token", ["short", "with a blank in the middle", "semicolon;semicolon;", "ünïcode-ünïcode-ünïcode"]
)
def test_a_token_is_a_secret(tmp_path, monkeypatch, token):
    (tmp_path / "token").write_text(token)
    with pytest.raises(UsageError, match="a token has"):
        read_token(str(tmp_path / "token"))
    monkeypatch.setitem(os.environ, "PTARMIGAN_TOKEN", TOKEN)
    assert read_token("") == TOKEN


def test_a_port_in_use_is_one_line():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=rf"--port {port}: Address already in use at 127\.0\.0\.1"):
            listen("127.0.0.1", port)
    with pytest.raises(UsageError, match="choose another --port"):
        listen("127.0.0.1", 99_999)
