"""What is called leaves the caller's process as it was, and threads get what each would alone."""

from __future__ import annotations

import inspect
import io
import multiprocessing
import re
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT
from plain import Discriminator, Generator
from surroundings import changed, surroundings
from torch import nn

from ptarmigan import AnomalyGAN, GANOverSampler, SeriesGAN, TableGAN, compare, load, score, train
from ptarmigan.core import noise
from ptarmigan.core.gan import GAN
from ptarmigan.core.losses import non_saturating
from ptarmigan.core.optim import adam
from ptarmigan.core.process import deterministic, ignored, threads
from ptarmigan.estimators.densities import Kernels, Mixture
from ptarmigan.estimators.hmm import HiddenMarkov
from ptarmigan.estimators.pyod import PyOD
from ptarmigan.metrics.request import Request
from ptarmigan.modalities.point.source import points
from ptarmigan.trained.detector import Detector
from ptarmigan.trained.generator import Generator as Trained
from ptarmigan.trained.loading import rebuild
from ptarmigan.trained.translator import Translator
from ptarmigan.training.run import Run
from ptarmigan.training.trainer import Hook

OURS = sorted((ROOT / "ptarmigan").rglob("*.py"))
SEEDING = re.compile(
    r"noise\.at\(|seed_torch\(|torch\.manual_seed\(|default_generator|\bnp\.random\.seed\(|random\.seed\("
)
SMALL = dict(width=8, latent=4, batch=16)
QUICK: dict[str, Any] = dict(quiet=True, score_samples=64)
CLASSES = (AnomalyGAN, TableGAN, SeriesGAN, GANOverSampler, Mixture, Kernels, HiddenMarkov, PyOD)
TRAINED = (Trained, Detector, Translator)
Calls = dict[str, Callable[[], Any]]


def rows(n: int = 60, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 3))


def detector(**more) -> AnomalyGAN:
    return AnomalyGAN(**{"recipe": "vae", "steps": 1, "options": SMALL, "device": "cpu"} | more)


def everything(place: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every public function and method, by name; where one makes what another needs, it comes first."""
    x, files = rows(), {name: io.BytesIO() for name in ("a", "t", "s", "m", "k", "h")}
    pictures = np.random.default_rng(0).integers(0, 255, (20, 8, 8), np.uint8)

    def methods(model: Any, file: io.BytesIO | None, **more: Callable[[], Any]) -> Calls:
        kept: Calls = {}
        if file is not None:
            kept = {"save": lambda: model.save(file), "load": lambda: file.seek(0) or type(model).load(file)}
        return {f"{type(model).__name__}.{name}": call for name, call in (kept | more).items()}

    def scores(model: Any, seen: np.ndarray, *names: str) -> Calls:
        return {name: (lambda name=name: getattr(model, name)(seen)) for name in names}

    a = detector()
    yield from methods(a, None, fit=lambda: a.fit(x)).items()
    both = scores(a, x, "score_samples", "decision_function", "predict")
    yield from methods(a, files["a"], sample=lambda: a.sample(3), **both).items()
    of_images = detector(recipe="ganomaly_images").fit(pictures)
    yield "AnomalyGAN.anomaly_maps", lambda: of_images.anomaly_maps(pictures[:2])
    p = PyOD(detector())
    yield "PyOD.fit", lambda: p.fit(x)
    more = scores(p, x, "decision_function", "predict", "predict_proba", "fit_predict")
    yield from methods(p, None, **more).items()
    t = TableGAN("ctgan", steps=1, options=dict(width=8, batch=20))
    yield "TableGAN.fit", lambda: t.fit(pd.DataFrame({"n": x[:, 0], "c": list("uvw") * 20}))
    yield from methods(t, files["t"], sample=lambda: t.sample(3, where={"c": "u"})).items()
    s = SeriesGAN(steps=1, length=3, options=dict(width=4, batch=4))
    yield "SeriesGAN.fit", lambda: s.fit(x)
    yield from methods(s, files["s"], sample=lambda: s.sample(2)).items()
    o = GANOverSampler(steps=1, options=dict(width=8, latent=4, batch=20))
    yield "GANOverSampler.fit_resample", lambda: o.fit_resample(x, np.arange(60) > 50)
    for model, file in ((Mixture(2), files["m"]), (Kernels(), files["k"])):
        yield from methods(model, None, fit=lambda model=model: model.fit(x)).items()
        yield from methods(
            model, file, sample=lambda model=model: model.sample(3), **scores(model, x, "score_samples")
        ).items()
    h = HiddenMarkov(2, length=3, rounds=2)
    yield "HiddenMarkov.fit", lambda: h.fit(x)
    yield from methods(h, files["h"], sample=lambda: h.sample(3), **scores(h, x, "score_samples")).items()

    made: dict[str, Any] = {}
    for seed in (0, 1):
        run, how = place / f"r{seed}", dict(data="digits", steps=2, batch=8, width=4, latent=4)
        options = how | QUICK | dict(out=run, seed=seed, deterministic=True, report=not seed)
        yield "train", lambda options=options: train("image.acgan", **options)
    yield "load", lambda: made.update(g=load(place / "r0", device="cpu"))
    g = made["g"]
    yield "Generator.sample", lambda: g.sample(3, class_=1)
    yield "Generator.batches", lambda: [len(part) for part in g.batches(70)]
    yield "Generator.forward", lambda: g(torch.zeros(2, 4), torch.zeros(2, dtype=torch.long))
    yield "Latents.space_of_w", lambda: g.space_of_w
    yield "Latents.latents", lambda: made.update(w=g.map(g.latents(2)))
    yield "Latents.map", lambda: g.map(g.latents(2), given=1)
    yield "Latents.synthesise", lambda: g.synthesise(made["w"])
    yield "Latents.truncate", lambda: g.truncate(made["w"], 0.5)
    yield "Latents.mix", lambda: cannot_be_cut(g, made["w"])
    yield "Latents.interpolate", lambda: g.interpolate(2)
    yield "Latents.condition", lambda: g.condition(1, 3)
    yield "Latents.conditions", lambda: g.conditions(1, 3)
    yield "Latents.classes", lambda: g.classes(3)
    yield "Latents.conditional", g.conditional
    yield "Generator.evaluate", lambda: g.evaluate(g.open("digits"), 64, 0, Request(features="pixels"))
    yield "Trained.open", lambda: g.open("digits")
    yield "Trained.read_condition", lambda: g.read_condition(["1"])
    yield "Trained.autocast", g.autocast
    yield "Trained.captions", lambda: g.captions(3)
    yield "Generator.frame", lambda: t._trained.frame(3)
    yield "Detector.anomaly_scores", lambda: a._trained.anomaly_scores(x)
    yield "Detector.threshold", lambda: a._trained.threshold(0.1)
    yield "Detector.anomaly_maps", lambda: of_images._trained.anomaly_maps(pictures[:2, ..., None])
    yield "compare", lambda: compare([place / "r0", place / "r1"], out=place / "c.html", device="cpu")
    yield "score", lambda: score(x, rows(60, 1), kind="vector")

    pairs = dict(data="digits", pair="gray", steps=1, batch=2, width=4) | QUICK
    yield "train", lambda: train("translate.pix2pix", out=place / "p", report=False, **pairs)
    w, seen = load(place / "p", device="cpu"), pictures[0]
    yield "Translator.translate", lambda: w.translate(seen)
    yield "Translator.sample", lambda: w.sample(2, given=seen)
    yield "Translator.batches", lambda: [*w.batches(2, given=seen)]
    yield "Translator.direction", w.direction
    yield "Translator.read_condition", lambda: w.read_condition(["a.png"])
    yield "Translator.forward", lambda: w(torch.zeros(1, *w.inputs.shape), torch.zeros(1, w.game.latent))
    yield "Translator.evaluate", lambda: w.evaluate(rebuild(place / "p").samples, 4, 0, Request())


def cannot_be_cut(g: Any, w: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="go into one layer"):
        g.mix(w, w, 1)


def public(cls: type) -> set[str]:
    """The names of a class's methods and of those that it has from others of ours."""
    found = [
        value
        for base in cls.__mro__
        if base.__module__.startswith("ptarmigan")
        for value in vars(base).values()
    ]
    functions = [getattr(value, "__func__", value) for value in found]
    return {
        f.__qualname__
        for f in functions
        if inspect.isfunction(f) and f.__name__[0] != "_" and not getattr(f, "__isabstractmethod__", False)
    }


def test_everything_that_is_called_leaves_the_callers_process_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr("ptarmigan.tasks.translate.mapping.TRAINED_PAIRS", 32)  # of a baseline, in seconds
    torch.manual_seed(1)
    tried, wrong = set(), {}
    with plt.rc_context({"lines.linewidth": 3.25}):
        for name, call in everything(tmp_path):
            before = surroundings()
            call()
            if apart := changed(before, surroundings()):
                wrong[name] = apart
            tried.add(name)
    assert wrong == {}
    there = set().union(*map(public, (*CLASSES, *TRAINED))) | {"train", "load", "score", "compare"}
    assert there - tried == set()


class Dropping(nn.Module):
    """A generator of somebody's own, that asks torch's global generator when it samples."""

    latent = 2

    def __init__(self) -> None:
        super().__init__()
        self.layers = Generator()

    def forward(self, z, c=None):
        return nn.functional.dropout(self.layers(z), training=True) + torch.randn(len(z), 2)


def random_run(seed: int = 0, data: Any = "ring") -> Run:
    samples = points(data, batch=32, seed=seed)
    torch.manual_seed(seed)
    game = GAN(Dropping(), Discriminator(), loss=non_saturating)
    optimizers = {name: adam(getattr(game, name), 1e-3) for name in ("discriminator", "generator")}
    return Run(game, samples, optimizers, steps=30, seed=seed)


def switching(work: Callable[[int], Any], n: int = 8) -> list[Any]:
    """What threads get that work at once, and take turns after every few instructions."""
    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            return [*pool.map(work, range(n))]
    finally:
        sys.setswitchinterval(often)


def test_threads_that_use_one_model_get_what_each_would_alone(tmp_path):
    run = random_run()
    train(run, out=tmp_path / "run", report=False, sample_every=0, vitals=False, **QUICK)
    generator, found = load(tmp_path / "run", game=run.game, device="cpu"), detector().fit(rows())

    def use(seed: int) -> tuple[np.ndarray, ...]:
        return (
            generator.sample(150, seed=seed),
            found.score_samples(rows(300, seed)),
            found.sample(70, seed=seed),
        )

    alone = [use(seed) for seed in range(8)]
    assert not np.array_equal(alone[0][0], alone[1][0])
    before = torch.get_rng_state()
    for one, at_once in zip(alone, switching(use), strict=True):
        for a, b in zip(one, at_once, strict=True):
            np.testing.assert_array_equal(a, b)
    assert torch.equal(before, torch.get_rng_state())


def test_threads_that_train_at_once_train_what_each_would_alone(tmp_path):
    filters = [*surroundings()["warnings"]]

    def fit(seed: int, where: str = "at once") -> tuple[np.ndarray, Any]:
        model = detector(random_state=seed, steps=5)
        table = TableGAN("ctgan", steps=2, options=dict(width=8, batch=20), random_state=seed)
        return model.fit(rows()).decision_scores_, table.fit(rows()).sample(5).to_numpy()

    alone = [fit(seed) for seed in range(3)]
    with deterministic():
        for one, at_once in zip(alone, switching(fit, 3), strict=True):
            for a, b in zip(one, at_once, strict=True):
                np.testing.assert_array_equal(a, b)
    assert filters == surroundings()["warnings"]
    assert torch.get_num_threads() == 1
    assert not torch.are_deterministic_algorithms_enabled()


class Sampling(torch.utils.data.Dataset):
    """Pictures that another model makes while they are loaded, in threads of the loader."""

    def __init__(self, generator: Any) -> None:
        self.generator = generator

    def __len__(self) -> int:
        return 40

    def __getitem__(self, i: int) -> torch.Tensor:
        return torch.from_numpy(self.generator.sample(1, seed=i)[0] / 255).permute(2, 0, 1).float()


def test_data_that_a_model_makes_as_they_are_loaded_do_not_wait_for_the_step(tmp_path):
    how = dict(steps=3, batch=8, width=4, latent=4, report=False, sample_every=0, score_every=0, vitals=False)
    train("image.dcgan", data="digits", out=tmp_path / "first", **how, **QUICK)
    data = Sampling(load(tmp_path / "first", device="cpu"))
    assert train("image.dcgan", data=data, out=tmp_path / "second", **how, **QUICK).complete


def test_training_and_sampling_work_where_no_gradients_are_wanted():
    wanted = detector(recipe="anogan", options=SMALL | {"search": 3}).fit(rows()).score_samples(rows())
    for off in (torch.no_grad, torch.inference_mode):
        with off():
            model = detector(recipe="anogan", options=SMALL | {"search": 3}).fit(rows())
            np.testing.assert_array_equal(model.score_samples(rows()), wanted)


class Interrupting(Hook):
    """Ends training as a notebook's stop button does."""

    def step(self, trainer, terms) -> None:
        if trainer.step == 3:
            raise KeyboardInterrupt


def test_an_interrupt_leaves_the_process_as_it_was_and_the_run_to_go_on(tmp_path):
    how = dict(data="ring", steps=6, batch=16, width=4, save_every=2, report=False, **QUICK)
    how |= dict(deterministic=True, sample_every=0, vitals=False)
    before = surroundings()
    with pytest.raises(KeyboardInterrupt):
        train("toy.gan", out=tmp_path / "run", hooks=[Interrupting()], threads=2, **how)
    assert changed(before, surroundings()) == []
    done = train("toy.gan", out=tmp_path / "run", threads=2, **how)
    whole = train("toy.gan", out=tmp_path / "whole", threads=2, **how)
    assert done.complete
    assert whole.scores == done.scores


def test_a_forked_process_samples_and_trains(tmp_path):
    """Also where threads of OpenMP and a lock stay behind in the parent."""
    model = detector().fit(rows())
    alone = model.sample(70), model.score_samples(rows())
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)

    def use() -> None:
        send.send((model.sample(70), model.score_samples(rows()), detector().fit(rows()).decision_scores_))

    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with noise.isolated():
            noise.at(0)
            holding.set()
            done.wait()

    with threads(2):
        torch.randn(700, 700) @ torch.randn(700, 700)
        other = threading.Thread(target=hold)
        other.start()
        holding.wait()
        child = context.Process(target=use)
        with ignored(DeprecationWarning):  # Python's, of threads that are not forked
            child.start()
        done.set()
        other.join()
    try:
        assert receive.poll(60)
        made, scored, fitted = receive.recv()
    finally:
        child.kill()
        child.join()
    for a, b in zip(alone, (made, scored), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(fitted, model.decision_scores_)


def test_who_seeds_torch_gives_it_back():
    """But for the head of a recipe, whose caller (``training.options.call``) does."""
    seeds = {file.relative_to(ROOT / "ptarmigan").as_posix(): file.read_text("utf-8") for file in OURS}
    seeds.pop("core/noise.py")
    careless = {name for name, text in seeds.items() if SEEDING.search(text) and "isolated()" not in text}
    assert careless == {"training/recipe.py"}
    assert "isolated()" in seeds["training/options.py"]
