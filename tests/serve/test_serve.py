"""A served run answers the bytes that the command line writes, in bounded time and number."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

import ptarmigan
from ptarmigan.cli import main
from ptarmigan.serve.access import Access
from ptarmigan.serve.answers import Answers
from ptarmigan.serve.app import serve_app
from ptarmigan.serve.guards import Guard
from ptarmigan.serve.metrics import Counts, Measured
from ptarmigan.serve.worker import Worker
from ptarmigan.trained import load

QUICK = dict(steps=2, batch=8, width=4, quiet=True, report=False, vitals=False, score_every=0, sample_every=0)
HERE = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run of each task."""
    place = tmp_path_factory.mktemp("trained")
    ptarmigan.train("image.acgan", data="digits", out=place / "sample", latent=4, device="cpu", **QUICK)
    pairs = dict(data="digits", pair="gray", device="cpu")
    ptarmigan.train("translate.pix2pix", out=place / "translate", **(QUICK | pairs | dict(batch=2)))
    ptarmigan.train("anomaly.vae", out=place / "detect", latent=2, device="cpu", **QUICK)
    return place


class Served:
    """A run behind its guards."""

    def __init__(self, run: Path, waiting: int = 4, seconds: float = 60) -> None:
        self.answers, self.worker = Answers(load(run, device="cpu"), 100), Worker(waiting, seconds)
        self.counts, self.lines = Counts(), []
        app = serve_app(run.name, self.answers, self.worker, self.counts.lines)
        guard = Guard(app, Access("127.0.0.1", 8000, ""))
        measured = Measured(guard, self.counts, self.lines.append)
        self.client = TestClient(measured, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def served(trained) -> Served:
    return Served(trained / "sample")


def written(out: Path, *words: str | Path) -> bytes:
    """What the command line writes."""
    with pytest.raises(SystemExit) as stop:
        main([*map(str, words), "--out", str(out), "--device", "cpu"])
    assert stop.value.code == 0
    return out.read_bytes()


@pytest.mark.parametrize("form", [".png", ".npy", ".npz"])
def test_samples_are_those_of_the_command_line(served, trained, tmp_path, form):
    answer = served.client.post("/sample", json={"n": 5, "seed": 3, "given": "7", "format": form})
    assert answer.status_code == 200
    words = ("sample", trained / "sample", "--n", "5", "--seed", "3", "--class", "7")
    assert answer.content == written(tmp_path / f"x{form}", *words)


def test_translations_are_those_of_the_command_line(trained, tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (8, 8), np.uint8)).save(tmp_path / "a.png")
    picture, served = (tmp_path / "a.png").read_bytes(), Served(trained / "translate")
    answer = served.client.post("/translate?seed=2", content=picture, headers={"content-type": "image/png"})
    assert answer.status_code == 200, answer.text
    words = ("translate", trained / "translate", tmp_path / "a.png", "--seed", "2")
    assert answer.content == written(tmp_path / "b.png", *words)
    for content in (b"", b"no picture", picture[:40]):
        bad = served.client.post("/translate", content=content, headers={"content-type": "image/png"})
        assert bad.status_code == 400
        assert len(bad.json()["detail"].splitlines()) == 1


def test_anomaly_scores_are_those_of_the_command_line(trained, tmp_path):
    rows = ptarmigan.load(trained / "detect", device="cpu").open("breast-cancer").space
    table = np.random.default_rng(0).normal(size=(12, rows.shape[0]))
    np.savetxt(tmp_path / "rows.csv", table, delimiter=",")
    content = (tmp_path / "rows.csv").read_bytes()
    answer = Served(trained / "detect").client.post(
        "/detect", content=content, headers={"content-type": "text/csv"}
    )
    assert answer.status_code == 200, answer.text
    assert answer.content == written(tmp_path / "s.csv", "detect", trained / "detect", tmp_path / "rows.csv")


@pytest.mark.parametrize(
    "body",
    [
        {"n": 0},
        {"n": 101},
        {"n": "many"},
        {"seed": -1},
        {"seed": 2**70},
        {"given": "eleven"},
        {"where": {"sex": "Female"}},
        {"given": "1", "where": {"a": "b"}},
        {"format": "/../x.png"},
        {"format": ".exe"},
        {"truncation": 0},
        {"truncation": "nan"},
        [],
    ],
)
def test_what_cannot_be_meant_is_said(served, body):
    answer = served.client.post("/sample", json=body)
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]


def test_what_a_run_does_not_do_is_said(served):
    answer = served.client.post("/detect", content=b"1,2\n", headers={"content-type": "text/csv"})
    assert (answer.status_code, "detects nothing" in answer.json()["detail"]) == (400, True)


def test_the_open_inference_protocol_is_spoken(served, trained, tmp_path):
    client = served.client
    for path in ("", "/health/live", "/health/ready", "/models/sample", "/models/sample/ready"):
        assert client.get(f"/v2{path}").status_code == 200
    inputs = [{"name": k, "shape": [1], "datatype": "INT64", "data": [v]} for k, v in (("n", 3), ("seed", 1))]
    inputs.append({"name": "given", "shape": [1], "datatype": "BYTES", "data": ["2"]})
    found = client.post("/v2/models/sample/infer", json={"id": "a", "inputs": inputs}).json()
    (tensor,) = found["outputs"]
    words = ("sample", trained / "sample", "--n", "3", "--seed", "1", "--class", "2")
    expected = np.load(io.BytesIO(written(tmp_path / "x.npy", *words)))
    assert (found["id"], tensor["datatype"]) == ("a", "UINT8")
    np.testing.assert_array_equal(np.reshape(tensor["data"], tensor["shape"]), expected)
    (said,) = client.get("/v2/models/sample").json()["outputs"]
    assert said == {"name": "samples", "datatype": "UINT8", "shape": [-1, *expected.shape[1:]]}
    for wrong in ({"inputs": []} | {"x": 1}, {"inputs": [inputs[0] | {"data": [1.5]}]}, {}):
        assert client.post("/v2/models/sample/infer", json=wrong).status_code in (200, 400, 422)
    assert client.post("/v2/models/other/infer", json={"inputs": []}).status_code == 400


def test_the_endpoints_are_described(served):
    found = served.client.get("/openapi.json").json()
    assert {"/sample", "/translate", "/detect", "/v2/models/{model}/infer", "/metrics"} <= found[
        "paths"
    ].keys()
    assert served.client.get("/docs").status_code == 404  # its page would load scripts from elsewhere


def test_who_comes_when_it_is_full_is_asked_to_come_again(trained):
    served = Served(trained / "sample", waiting=0)
    begun, go = threading.Event(), threading.Event()
    real = served.answers.sample
    served.answers.sample = lambda *args, **more: (begun.set(), go.wait(60), real(*args, **more))[2]
    found = []
    with served.client as client:
        first = threading.Thread(target=lambda: found.append(client.post("/sample", json={"n": 1})))
        first.start()
        assert begun.wait(60)
        second = client.post("/sample", json={"n": 1})
        assert (second.status_code, second.headers["retry-after"]) == (503, "2")
        assert "ptarmigan_under_way 1" in client.get("/metrics").text
        go.set()
        first.join()
    assert found[0].status_code == 200


def test_what_takes_too_long_is_said(trained):
    served = Served(trained / "sample", seconds=0.05)
    go = threading.Event()
    served.answers.sample = lambda *args, **more: go.wait(60)
    with served.client as client:
        answer = client.post("/sample", json={"n": 1})
        assert (answer.status_code, "not done in 0.05 seconds" in answer.text) == (503, True)
        go.set()


def test_requests_are_counted_and_logged(trained):
    served = Served(trained / "sample")
    served.client.get("/v2")
    served.client.get("/nothing")
    served.client.post("/sample", headers={"origin": "http://evil.example"}, json={})
    said = served.client.get("/metrics").text
    for status in (200, 404, 403):
        assert f'ptarmigan_requests_total{{status="{status}"}} 1' in said
    assert 'ptarmigan_request_seconds_bucket{le="+Inf"} 3' in said
    assert len(served.lines) == 4
    assert served.lines[1].startswith("GET /nothing 404 ")
