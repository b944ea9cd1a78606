"""Exported runs are the runs, every recipe of every modality, and need nothing of ptarmigan."""

from __future__ import annotations

import base64
import json
import os
import runpy
import subprocess
import sys

import numpy as np
import pytest
import torch
from conftest import ROOT
from exported_runs import quick_exporters as quick_exporters
from exported_runs import trained_of
from torch import nn

from ptarmigan import export, train, zoo
from ptarmigan.cli import dispatch
from ptarmigan.core import inverse, noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating
from ptarmigan.evaluation.markdown import inline, table
from ptarmigan.exports.functions import functions
from ptarmigan.exports.graph import Port, capture, case
from ptarmigan.exports.onnx import Session, to_onnx
from ptarmigan.exports.score import Exported, exported
from ptarmigan.exports.triton import config as triton_config
from ptarmigan.exports.verify import TOLERANCE, verify
from ptarmigan.exports.write import conditions
from ptarmigan.modalities.point.space import PointSpace
from ptarmigan.modalities.quantum.circuit import efficient_su2
from ptarmigan.modalities.quantum.state import measured
from ptarmigan.nets import codes
from ptarmigan.nets.own import Unconditional
from ptarmigan.trained.generator import Generator

WITHOUT = {
    "anomaly.anogan": "its score is a search down gradients",
    "anomaly.anogan_images": "its score is a search down gradients",
}
"""Recipes that cannot be exported, and why."""
ROUGH = {
    "sound.phase_vocoder": "phases are sums of many advances",
    "translate.munit": "its norms are of maps of four numbers here",
}
"""Recipes whose small networks multiply rounding, which are held to ten times the tolerance."""
SHORT = {name: {"longest": 4} for name in zoo.names() if name.startswith("text.")}
"""Sentences are loops, which are written out in a graph."""
SAME = {
    *(f"image.{system}" for system in ("acgan", "dragan", "gman", "lsgan", "wgan", "wgan_gp")),
    *(f"image.r3gan_{size}" for size in ("cifar", "64", "256")),
}
"""Recipes with the generator of another, which differ in how they are trained."""
ALIKE = {
    *(f"anomaly.{system}_images" for system in ("alad", "bigan", "fanogan")),
    *(f"quantum.{system}" for system in ("patch_qgan", "qgan")),
    *(f"text.{system}" for system in ("dialogue", "maligan", "relgan", "seqgan")),
    *(f"translate.{system}" for system in ("cut", "fastcut", "munit", "style")),
    "shower.calogan",
    "sound.melgan",
}
"""Recipes whose graphs are computed by torch here, as ONNX's exporter takes long: others of their kind, with
the same layers, go all the way."""
WHOLE = os.environ.get("PTARMIGAN_EXPORTS")
"""Set to try these too: ``PTARMIGAN_EXPORTS=1 python -m pytest tests/exports``."""
SIZES = (2, 7)


@pytest.mark.parametrize(
    "name",
    [name for name in zoo.names() if name not in WITHOUT and (WHOLE or name not in SAME)],
)
def test_every_recipe_is_a_graph_of_any_number_of_samples(name):
    tolerance = TOLERANCE * (10 if name in ROUGH else 1)
    for function in functions(trained_of(name, **SHORT.get(name, {}))):
        captured = capture(function)
        assert captured.inputs
        assert all(port.words for port in captured.inputs)
        if name in ALIKE and not WHOLE:
            verify(function, by_torch(captured), SIZES, tolerance)
        else:
            verify(function, Session(to_onnx(captured, {})), SIZES, tolerance)


def by_torch(captured):
    module = captured.program.module()
    return lambda given: [one.detach().numpy() for one in module(*given)]


@pytest.mark.parametrize("name", WITHOUT)
def test_what_cannot_be_exported_says_why(name):
    with pytest.raises(ValueError, match=f"{name} cannot be exported: .* search"):
        functions(trained_of(name))


def test_the_exceptions_are_in_the_zoo():
    assert {*WITHOUT, *ROUGH, *ALIKE} <= {*zoo.names()}


class TestWhatIsDrawn:
    def test_noise_is_an_input_for_every_draw_in_order(self):
        captured = capture(*functions(trained_of("translate.pix2pix")))
        drawn = [port for port in captured.inputs if port.drawn]
        assert [(port.name, port.drawn, port.batched) for port in drawn] == [
            ("noise1", "uniform", False),
            ("noise2", "uniform", False),
        ]

    def test_other_noise_makes_other_outputs(self):
        (function,) = functions(trained_of("translate.pix2pix"))
        compute, known = by_torch(capture(function)), case(function, 2)
        others = [torch.rand_like(one.values) for one in known.drawn]
        assert not np.allclose(compute([*known.inputs, *others])[0], known.outputs[0])

    def test_recorded_noise_is_what_was_drawn_and_given_noise_is_handed_out(self):
        noise.at(0, "test")
        with noise.recorded() as drawn:
            a, b = noise.normal(3, 2), noise.uniform(3)
        assert [one.kind for one in drawn] == ["normal", "uniform"]
        assert torch.equal(drawn[0].values, a)
        with noise.given([b, a]):
            assert noise.normal(3) is b
            assert noise.uniform(3, 2) is a
        noise.at(0, "test")
        assert torch.equal(noise.normal(3, 2), a)

    def test_torchs_own_dropout_is_refused_by_name(self):
        noisy = nn.Sequential(nn.Linear(2, 2), Always())
        with pytest.raises(ValueError, match=r"aten.*draws from torch's own generator"):
            capture(*functions(of_network(noisy)))

    def test_a_branch_on_what_is_computed_is_refused(self):
        with pytest.raises(ValueError, match="generator cannot be exported: it branches on what it computes"):
            capture(*functions(of_network(Branching())))

    def test_a_fixed_batch_is_refused(self):
        with pytest.raises(ValueError, match="an operation fixes the number of samples"):
            capture(*functions(of_network(Fixed())))


class Always(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x, 0.5, training=True)


class Branching(nn.Module):
    def forward(self, z):
        return z if z.sum() > 0 else -z


class Fixed(nn.Module):
    def forward(self, z):
        return z + torch.arange(len(z))[:, None]


def of_network(network):
    game = GAN(Unconditional(network, 2), Unconditional(nn.Linear(2, 1)), loss=non_saturating)
    return Generator(game.eval().requires_grad_(False), PointSpace(), {"recipe": "by hand"}).eval()


class TestVerification:
    def test_another_network_is_refused(self):
        (function,) = functions(trained_of("toy.gan"))
        with pytest.raises(ValueError, match="is not the run's: x and samples differ by"):
            verify(function, lambda given: [one.numpy() + 0.001 for one in function.call(*given)], SIZES)

    def test_a_fixed_batch_is_found(self):
        (function,) = functions(trained_of("toy.gan"))

        def two(given):
            assert len(given[0]) == 2, "two only"
            return [one.numpy() for one in function.call(*given)]

        with pytest.raises(ValueError, match=r"does not take a batch of 7 \(two only\)"):
            verify(function, two, SIZES)

    def test_the_graph_stands_for_the_run(self):
        trained = trained_of("toy.gan")
        (function,) = functions(trained)
        captured = capture(function)
        stand_in = exported(trained, {"generator": Exported(captured, by_torch(captured))})
        assert np.allclose(stand_in.sample(70, seed=3), trained.sample(70, seed=3), atol=1e-5)

    def test_so_it_does_for_translations_either_way(self):
        trained = trained_of("translate.cyclegan")
        graphs = {f.name: Exported(c, by_torch(c)) for f in functions(trained) for c in [capture(f)]}
        assert [*graphs] == ["AtoB", "BtoA"]
        stand_in, a = exported(trained, graphs), torch.rand(1, *trained.inputs.shape)
        z = torch.zeros(1, 0)
        assert torch.allclose(stand_in.game.translate(a, z), trained.game.translate(a, z), atol=1e-4)
        assert torch.allclose(stand_in.game.back(a, z), trained.game.back(a, z), atol=1e-4)


class TestWithoutOperationsThatGraphsLack:
    @pytest.fixture(autouse=True)
    def exporting(self, monkeypatch):
        self.tell = lambda: monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)

    def test_the_error_function(self):
        x = torch.linspace(-7, 7, 5001, dtype=torch.float64)
        expected = inverse.normal_cdf(x)
        self.tell()
        assert torch.allclose(inverse.normal_cdf(x), expected, rtol=0, atol=1e-11)

    def test_the_root_of_a_covariance(self):
        rows = torch.randn(3, 20, 5, dtype=torch.float64)
        covariance = rows.mT @ rows
        expected = codes.root_of(covariance)
        self.tell()
        assert torch.allclose(codes.root_of(covariance), expected)

    def test_the_probabilities_of_a_circuit(self):
        circuit = efficient_su2(3, 2)
        angles = torch.randn(4, len(circuit.with_angles), dtype=torch.float64)
        expected = measured(circuit, angles)
        self.tell()
        assert torch.allclose(measured(circuit, angles), expected)

    @pytest.mark.parametrize("shape", [(9,), (40, 9)])
    def test_the_place_of_a_number_among_sums(self, shape):
        sums, u = torch.rand(shape, dtype=torch.float64).cumsum(-1), 5 * torch.rand(40, dtype=torch.float64)
        u[:3] = sums.flatten()[:3]
        expected = inverse.first_above(sums, u)
        self.tell()
        assert torch.equal(inverse.first_above(sums, u), expected)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("exports") / "digits"
    lines = export(trained_of("image.cgan"), out=out)
    assert lines[0].startswith("generator: batches of 1, 2, 7, 64 differ from torch by ")
    assert lines[1] == f"wrote {out}: generator.onnx"
    return out


class TestFolder:
    def use(self, folder, *words):
        return subprocess.run(
            [sys.executable, "use.py", *words], cwd=folder, capture_output=True, text=True, timeout=120
        )

    def test_holds_one_file_a_function_and_what_says_how_to_use_it(self, folder):
        names = {"README.md", "check.npz", "config.json", "generator.onnx", "use.py"}
        assert {file.name for file in folder.iterdir()} == names
        said = json.loads((folder / "config.json").read_text())
        assert said["recipe"] == "image.cgan"
        (z, class_), (x, samples) = (said["functions"]["generator"][which] for which in ("inputs", "outputs"))
        assert (z["name"], z["drawn"], class_["dtype"], class_["drawn"]) == ("z", "normal", "int64", "class")
        assert (x["shape"], samples["shape"], samples["dtype"]) == ([1, 8, 8], [8, 8, 1], "uint8")

    def test_use_checks_itself_and_draws(self, folder):
        checked = self.use(folder, "--check")
        assert checked.returncode == 0, checked.stderr
        assert [line.split(":")[0] for line in checked.stdout.splitlines()] == [
            "generator x",
            "generator samples",
        ]
        assert self.use(folder, "--n", "5", "--class", "3", "--out", "some.npz").returncode == 0
        with np.load(folder / "some.npz") as found:
            assert found["samples"].shape == (5, 8, 8, 1)
            assert found["samples"].dtype == np.uint8
        assert self.use(folder, "--n", "5", "--out", "some.png").returncode == 0
        wrong = self.use(folder, "--function", "encoder")
        assert (wrong.returncode, wrong.stderr) == (
            1,
            "there is no function 'encoder'; there are generator\n",
        )

    def test_use_imports_nothing_of_ours(self, folder):
        text = (folder / "use.py").read_text()
        assert "import ptarmigan" not in text
        assert "from ptarmigan" not in text
        assert "import torch" not in text

    def test_what_is_there_stays(self, folder):
        with pytest.raises(ValueError, match="is not empty: choose another --out"):
            export(trained_of("toy.gan"), out=folder)

    def test_of_torch_export(self, tmp_path):
        export(trained_of("toy.gan"), out=tmp_path / "out", to="pt2")
        module = torch.export.load(tmp_path / "out" / "generator.pt2").module()
        z = torch.randn(5, next(iter(functions(trained_of("toy.gan")))).game.latent)
        assert module(z)[0].shape == (5, 2)

    def test_of_triton(self, tmp_path):
        export(trained_of("image.cgan"), out=tmp_path / "out", to="triton")
        assert (tmp_path / "out" / "generator" / "1" / "model.onnx").stat().st_size > 1000
        text = (tmp_path / "out" / "generator" / "config.pbtxt").read_text()
        assert 'name: "generator"' in text
        assert "dynamic_batching { }" in text
        assert "max_batch_size: 64" in text
        assert "reshape { shape: [ ] }" in text  # a class is a number
        assert text.count("{") == text.count("}")

    def test_requests_are_not_put_together_where_noise_is_shared(self):
        shared, own = Port("noise", "float32", (1, 4), False), Port("x", "uint8", (3,), True)
        text = triton_config("AtoB", [shared], [own])
        assert "max_batch_size: 0" in text
        assert "dynamic_batching" not in text
        assert "dims: [ -1, 3 ]" in text
        assert "dims: [ 1, 4 ]" in text


SCORES = {
    "samples": 100,
    "scores": {
        "a|b": {
            "value": 1.5,
            "error": 0.1,
            "floor": 0.5,
            "baselines": {"mean": 3.0},
            "direction": "lower is better",
            "protocol": "of <b>pixels</b>",
        }
    },
}


def test_what_can_be_asked_for_stands_beside_the_graph():
    found = conditions(trained_of("table.ctgan"))
    assert found
    assert all("=" in words and sum(vector) == 1 for words, vector in found.items())
    assert conditions(trained_of("image.cgan")) == {}


class TestCard:
    def test_baselines_and_protocol_stand_beside_the_score(self):
        text = table(SCORES, "export again")
        assert "| a\\|b | 1.5 | 0.1 | 0.5 | 3 | lower |" in text
        assert "Of 100 samples" in text
        assert "- of \\<b\\>pixels\\</b\\>" in text

    def test_text_of_others_only_shows_itself(self):
        assert inline("[x](javascript:1)\x1b[2J<i>`") == "\\[x\\](javascript:1)\\\\x1b\\[2J\\<i\\>\\`"

    def test_a_run_without_scores_says_so(self):
        assert "ptarmigan score RUN" in table(None, "export again")


def test_a_page_needs_nothing_but_itself(folder, tmp_path):
    build = runpy.run_path(str(ROOT / "examples" / "browser" / "build.py"))
    runtime, page = tmp_path / "dist", tmp_path / "page"
    with pytest.raises(SystemExit, match="npm install"):
        build["main"](folder, page, runtime)
    runtime.mkdir()
    for name in ("SCRIPT", "LOADER", "BINARY"):
        (runtime / build[name]).write_bytes(name.encode())
    build["main"](folder, page, runtime)
    text = (page / "index.html").read_text()
    assert "default-src 'none'" in text
    assert "http" not in text.replace("http-equiv", "")
    parts = json.loads((page / "parts.js").read_text().removeprefix("const PARTS = ").rstrip(";\n"))
    assert base64.b64decode(parts["model"]) == (folder / "generator.onnx").read_bytes()
    assert base64.b64decode(parts["binary"]) == b"BINARY"
    assert parts["function"]["inputs"][1]["drawn"] == "class"


def test_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    train("toy.gan", data="ring", steps=2, score_every=0, out="run", quiet=True, report=False)
    with pytest.raises(ValueError, match="tflite"):
        dispatch(["export", "run", "--to", "tflite"])
    assert dispatch(["export", "run", "--out", "out", "--quiet"]) == 0
    assert "wrote out: generator.onnx" in capsys.readouterr().out
    text = (tmp_path / "out" / "README.md").read_text()
    assert "ptarmigan train toy.gan" in text
    with pytest.raises(ValueError, match="out is not empty"):
        dispatch(["export", "run", "--out", "out"])
