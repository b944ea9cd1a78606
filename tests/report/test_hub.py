"""Runs on the Hugging Face Hub, played by a server here that speaks its routes."""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import ptarmigan
from ptarmigan.cli import main
from ptarmigan.report import push as pushing
from ptarmigan.report.card import card
from ptarmigan.trained import hub

TINY = dict(data="ring", width=8, steps=2, batch=16, score_samples=64, quiet=True, report=False, device="cpu")


def git_digest(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub:
    """Repositories in memory: commits of files; what of them is spoilt on the way is a test's."""

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, dict[str, bytes]]] = {}
        self.heads: dict[tuple[str, str], str] = {}
        self.requests: list[str] = []
        self.spoil = self.promise = lambda content: content
        self.token = "hf_known"

    def commit(self, repo: str, branch: str, files: dict[str, bytes]) -> str:
        before = self.repos[repo].get(self.heads.get((repo, branch), ""), {})
        made = hashlib.sha1(repr((repo, branch, sorted(files.items()))).encode()).hexdigest()
        self.repos[repo][made] = before | files
        self.heads[repo, branch] = made
        return made

    def find(self, repo: str, revision: str) -> str | None:
        return revision if revision in self.repos[repo] else self.heads.get((repo, revision))


class Routes(BaseHTTPRequestHandler):
    """What huggingface_hub asks for."""

    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> Hub:
        return self.server.hub

    def log_message(self, *args) -> None:
        pass

    def answer(self, code: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(code)
        headers = {"Content-Length": str(len(content)), "Content-Type": "application/json"} | headers
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def reply(self, **plain) -> None:
        self.answer(200, json.dumps(plain).encode())

    def refuse(self, code: int, kind: str) -> None:
        self.answer(code, json.dumps({"error": kind}).encode(), X_Error_Code=kind, X_Error_Message=kind)

    def do_GET(self) -> None:
        self.hub.requests.append(f"{self.command} {self.path}")
        path, _, _ = self.path.partition("?")
        words = path.strip("/").split("/")
        if words[:2] == ["api", "models"]:
            repo, revision = "/".join(words[2:4]), "/".join(words[5:]) or "main"
            if (commit := self.known(repo, revision)) is not None:
                self.reply(id=repo, sha=commit, siblings=self.siblings(repo, commit))
        else:
            repo, revision, name = "/".join(words[:2]), words[3], "/".join(words[4:])
            if (commit := self.known(repo, revision)) is not None:
                self.file(commit, self.hub.repos[repo][commit][name])

    do_HEAD = do_GET  # noqa: N815

    def known(self, repo: str, revision: str) -> str | None:
        if repo not in self.hub.repos:
            return self.refuse(404, "RepoNotFound")
        if self.hub.find(repo, revision) is None:
            return self.refuse(404, "RevisionNotFound")
        return self.hub.find(repo, revision)

    def siblings(self, repo: str, commit: str) -> list[dict]:
        files = self.hub.repos[repo][commit].items()
        return [{"rfilename": n, "size": len(self.hub.promise(c)), "blobId": git_digest(c)} for n, c in files]

    def file(self, commit: str, content: bytes) -> None:
        sent = content if self.command == "HEAD" else self.hub.spoil(content)
        self.answer(200, sent, ETag=f'"{git_digest(content)}"', X_Repo_Commit=commit)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.hub.requests.append(f"POST {self.path}")
        words = self.path.strip("/").split("/")
        if words[1] == "validate-yaml":
            self.reply(errors=[], warnings=[])
        elif self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self.refuse(401, "Unauthorized")
        elif words[1:] == ["repos", "create"]:
            asked = json.loads(body)
            repo = f"{asked['organization']}/{asked['name']}"
            self.hub.repos.setdefault(repo, {})
            self.reply(url=f"http://{self.headers['Host']}/{repo}")
        elif words[4] == "preupload":
            files = json.loads(body)["files"]
            self.reply(
                files=[{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]
            )
        elif words[4] == "commit":
            self.commit("/".join(words[2:4]), words[5], body)
        elif words[4] == "branch":
            self.reply()

    def commit(self, repo: str, branch: str, body: bytes) -> None:
        lines = [json.loads(line) for line in body.splitlines()]
        files = {
            line["value"]["path"]: base64.b64decode(line["value"]["content"])
            for line in lines
            if line["key"] == "file"
        }
        made = self.hub.commit(repo, branch, files)
        self.reply(
            success=True, commitOid=made, commitUrl=f"http://{self.headers['Host']}/{repo}/commit/{made}"
        )


class Server(ThreadingHTTPServer):
    """Says nothing of clients that leave."""

    def handle_error(self, request, client_address) -> None:
        pass


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("hub") / "run"
    ptarmigan.train("toy.gan", out=place, **TINY)
    return place


@pytest.fixture
def served(monkeypatch, tmp_path):
    server = Server(("127.0.0.1", 0), Routes)
    server.hub = Hub()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    for name, value in {
        "HF_ENDPOINT": address,
        "HF_HUB_CACHE": str(tmp_path / "cache"),
        "HF_TOKEN": server.hub.token,
    }.items():
        monkeypatch.setenv(name, value)
    yield server.hub
    server.shutdown()
    server.server_close()


def said(capsys, *args) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    return end.value.code, out.strip(), err.strip()


def test_what_is_pushed_is_sampled_from_the_hub(served, run, tmp_path, capsys):
    code, out, err = said(capsys, "push", run, "ada/ring", "--license", "cc0-1.0")
    assert (code, err) == (0, "")
    (commit,) = served.repos["ada/ring"]
    assert out == f"pushed to hf://ada/ring@{commit}"
    files = served.repos["ada/ring"][commit]
    assert sorted(files) == ["README.md", "config.json", "generator.safetensors", "samples.png"]
    assert files["generator.safetensors"] == (run / "generator.safetensors").read_bytes()
    assert json.loads(files["config.json"])["recipe"] == "toy.gan"
    assert str(run.parent).encode() not in files["config.json"] + files["README.md"]
    code, _, err = said(capsys, "sample", "hf://ada/ring", "--n", 8, "--out", tmp_path / "x.npy")
    assert code == 0
    assert f"hf://ada/ring is hf://ada/ring@{commit}" in err
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), ptarmigan.load(run).sample(8))


def test_a_commit_that_was_fetched_is_not_asked_for_again(served, run):
    pinned = str(pushing.push(run, "ada/ring"))
    first = ptarmigan.load(pinned).sample(4)
    served.requests.clear()
    np.testing.assert_array_equal(ptarmigan.load(pinned).sample(4), first)
    assert served.requests == []
    other = pushing.push(run, "ada/ring", revision="trial", license="mit")
    assert ptarmigan.load("hf://ada/ring@trial").recipe == "toy.gan"
    assert other.revision != pinned.partition("@")[2]


def test_without_the_network_what_was_fetched_before_is_used(served, run, capsys, monkeypatch):
    pushing.push(run, "ada/ring")
    before = ptarmigan.load("hf://ada/ring").sample(4)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")  # where nobody answers
    capsys.readouterr()
    np.testing.assert_array_equal(ptarmigan.load("hf://ada/ring").sample(4), before)
    assert "the Hub cannot be reached: hf://ada/ring@" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"hf://ada/other cannot be reached .* was not fetched before"):
        ptarmigan.load("hf://ada/other")
    with pytest.raises(ValueError, match=r"cannot be reached .*: nothing was pushed"):
        pushing.push(run, "ada/ring")


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.mark.parametrize("spoil", [flipped, lambda c: c[:-100]], ids=["changed", "cut short"])
def test_a_file_that_is_another_one_is_refused_and_can_be_fetched_again(served, run, spoil):
    pushing.push(run, "ada/ring")
    served.spoil = spoil
    with pytest.raises(ValueError, match=r"hf://ada/ring.*(differs|did not arrive whole)"):
        ptarmigan.load("hf://ada/ring")
    served.spoil = lambda content: content
    assert ptarmigan.load("hf://ada/ring").recipe == "toy.gan"


def test_a_damaged_cache_is_found(served, run, tmp_path):
    pinned = str(pushing.push(run, "ada/ring"))
    kept = hub.fetch(pinned).resolve()
    kept.write_bytes(flipped(kept.read_bytes()))
    with pytest.raises(ValueError, match="damaged"):
        ptarmigan.load(pinned)
    assert ptarmigan.load(pinned).recipe == "toy.gan"


def test_what_is_not_there_is_one_line(served, run, capsys, tmp_path):
    served.repos["ada/empty"] = {}
    served.commit("ada/empty", "main", {"README.md": b"words"})
    for where, words in {
        "hf://ada/nowhere": "ptarmigan: there is no hf://ada/nowhere, or it is private",
        "hf://ada/empty": "ptarmigan: hf://ada/empty has no generator.safetensors",
        "hf://ada/empty@old": "ptarmigan: hf://ada/empty has no revision 'old'",
        "hf://ada": "ptarmigan: hf://ada is no place on the Hub",
        "hf://ada/../x": "ptarmigan: hf://ada/../x is no place on the Hub",
    }.items():
        code, _, err = said(capsys, "sample", where, "--out", tmp_path / "x.npy")
        assert (code, len(err.splitlines())) == (2, 1)
        assert err.startswith(words)
    assert not (tmp_path / "x.npy").exists()


def test_a_file_larger_than_anybodys_is_not_fetched(served, run):
    pushing.push(run, "ada/ring")
    served.promise = lambda content: range(hub.MOST + 1)
    with pytest.raises(ValueError, match=r"no more than .* are fetched"):
        ptarmigan.load("hf://ada/ring")
    assert not any("resolve" in request for request in served.requests)


def test_a_full_disk_is_one_line(served, run, monkeypatch):
    pushing.push(run, "ada/ring")

    def full(*args, **how):
        raise OSError(errno.ENOSPC, "No space left on device")

    from huggingface_hub import HfApi

    monkeypatch.setattr(HfApi, "hf_hub_download", full)
    with pytest.raises(ValueError, match=r"could not be kept \(No space left on device\).*HF_HOME"):
        ptarmigan.load("hf://ada/ring")


def test_who_may_not_push_is_told_so(served, run, monkeypatch, capsys, tmp_path):
    served.token = "hf_other"
    code, _, err = said(capsys, "push", run, "ada/ring")
    assert (code, len(err.splitlines())) == (2, 1)
    code, _, err = said(capsys, "push", tmp_path, "ada/ring")
    assert (code, "push the folder of a run that has ended" in err) == (2, True)
    assert served.repos == {}


def test_the_card_shows_scores_beside_baselines_and_only_shows_what_others_wrote(run):
    config = {"recipe": "toy.gan", "space": ptarmigan.load(run).description["space"], "options": {"x": "```"}}
    score = {
        "value": 1.25,
        "error": 0.5,
        "floor": 0.1,
        "direction": "lower is better",
        "protocol": "10 | <b>",
    }
    entries = {"fréchet": score | {"baselines": {"gaussian": 3.5}}}
    words = card(config, {"samples": 1000, "scores": entries}, "ada/ring", license="mit", own=True)
    assert "| fréchet | 1.25 | 0.5 | 0.1 | 3.5 | lower |" in words
    assert words.startswith(
        '---\nlibrary_name: "ptarmigan"\ntags: ["ptarmigan", "gan", "toy.gan"]\nlicense: "mit"\n---'
    )
    assert r"- 10 \| \<b\>" in words
    assert words.count("```") % 2 == 0
    assert "--recipe mine.py" in words
    assert "ptarmigan score RUN" in card(config, None, "ada/ring")
