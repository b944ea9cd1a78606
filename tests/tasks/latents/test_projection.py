"""Projection into latents, the encoder, pivotal tuning, and photos that are kept and edited."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from latent_runs import of
from PIL import Image
from safetensors.torch import load_file, save_file

from ptarmigan import cli
from ptarmigan.metrics.perceptual import perceptual_distance, squared
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.nets.digest import digest
from ptarmigan.tasks.latents import projection as projecting
from ptarmigan.tasks.translate.perceptual_distance import perceptual
from ptarmigan.trained import photo as photos
from ptarmigan.trained.projection import Projector


def told(capsys, *args: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main([*map(str, args)])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def between(generator) -> float:
    """The typical distance of two samples."""
    x = generator.sample(64, seed=99, tensors=True).float()
    return float((x[:32] - x[32:]).square().flatten(1).mean(1).sqrt().mean())


@of("plain", "conditional", "styled", "classes")
def test_a_generators_own_samples_are_found_again(generator):
    given = "3" if generator.conditional() else None
    own = generator.sample(4, seed=7, given=given)
    found = Projector(generator).project(own, steps=150, given=given)
    assert np.median(found.errors()) < 0.25 * between(generator)
    assert (found.errors() < Projector(generator).project(own, steps=0, given=given).errors()).all()
    np.testing.assert_array_equal(found.result, found.synthesise(found.w))
    one = Projector(generator).project(own[:1], steps=150, given=given)
    assert one.w.shape == (1, generator.space_of_w.styles, generator.space_of_w.size)


@of("conditional")
def test_the_class_is_found_out(generator):
    own = generator.sample(12, seed=3)
    found = Projector(generator).project(own, steps=0)
    assert (found.c.numpy() == generator.classes(12, 3)).mean() > 0.5  # by chance 0.1


@of("styled")
def test_every_layer_has_its_own_w_in_w_plus(generator):
    a, b = (generator.map(generator.latents(4, seed=seed)) for seed in (0, 1))
    mixed = generator.synthesise(generator.mix(a, b, 1))
    one, plus = (Projector(generator).project(mixed, steps=200, plus=plus) for plus in (False, True))
    assert torch.equal(one.w[:, 0], one.w[:, 2])
    assert not torch.equal(plus.w[:, 0], plus.w[:, 2])
    assert plus.errors().mean() < one.errors().mean()


def test_the_rate_rises_and_falls_as_published():
    rates = [projecting.ramp(i / 1_000) for i in range(1_000)]
    assert rates[0] < 0.03
    assert rates[50] == pytest.approx(1)
    assert rates[700] == pytest.approx(1)
    assert rates[875] == pytest.approx(0.5)
    assert rates[-1] < 1e-4


@of("styled")
def test_an_encoder_is_a_better_start_and_is_kept(generator, tmp_path):
    projector, own = Projector(generator, tmp_path), generator.sample(16, seed=7)
    before = projector.project(own, steps=0).errors().mean()
    projector.learn(steps=120)
    after = projector.project(own, steps=0)
    assert after.errors().mean() < 0.8 * before
    again = Projector(generator, tmp_path)
    assert torch.equal(again.project(own, steps=0).w, after.w)
    with torch.no_grad():
        next(generator.game.generator.parameters()).add_(1)
    with pytest.raises(ValueError, match="is of other weights"):
        Projector(generator, tmp_path)


@of("classes")
def test_an_encoder_tells_the_class(generator):
    projector = Projector(generator)
    projector.learn(steps=150)
    c = generator.classes(64, 5)
    found = projector.start(generator.sample(64, seed=5, tensors=True).float(), None, 0)
    assert (found.c.numpy() == c).mean() > 0.4
    assert set(projector.start(torch.zeros(2, 1, 8, 8), "3", 0).c.tolist()) == {3}


@of("plain")
def test_tuning_makes_the_photo_and_leaves_the_rest(generator):
    photo = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 1), np.uint8)
    projector, before = Projector(generator), digest(generator)
    plain, tuned = (projector.project(photo, steps=30, tuned=tuned) for tuned in (False, True))
    assert torch.equal(plain.w, tuned.w)
    assert tuned.errors()[0] < 0.7 * plain.errors()[0]
    assert digest(generator) == before
    assert not any(p.requires_grad for p in generator.parameters())
    others = [each.sample(32, tensors=True).float() for each in (tuned.trained, generator)]
    changed = float((others[0] - others[1]).square().mean().sqrt())
    assert 0 < changed < plain.errors()[0] - tuned.errors()[0]


def test_the_distance_is_that_of_layers_and_has_gradients():
    class Layers:
        name = hash = "layers"

        def __call__(self, raw):
            raise NotImplementedError

        def maps(self, x):
            return (torch.stack([x[:, 0], x[:, 0] ** 2], 1), torch.relu(x - 10))

        def layers(self, raw):
            return tuple(each.numpy() for each in self.maps(torch.from_numpy(raw).permute(0, 3, 1, 2)))

    a, b = torch.rand(3, 1, 4, 4, requires_grad=True), torch.rand(3, 1, 4, 4)
    found = perceptual_distance(Layers())(a, b)
    found.sum().backward()
    assert bool(torch.isfinite(a.grad).all())
    raw = [x.detach().permute(0, 2, 3, 1).numpy() for x in (a, b)]
    expected = perceptual(*raw, Layers()) + squared(a, b).detach().numpy()
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=1e-4)
    assert perceptual_distance(None) is squared


@pytest.mark.parametrize(
    ("picture", "space", "words"),
    [
        (
            Image.new("RGB", (40, 20), "red"),
            ImageSpace(8, 8, 1),
            "middle cropped and resized from 20×40 to 8×8, col",
        ),
        (Image.new("L", (16, 16), 255), ImageSpace(8, 8, 3), "resized from 16×16 to 8×8, grey made colour"),
        (Image.new("RGBA", (8, 8), (0, 0, 0, 0)), ImageSpace(8, 8, 3), "colour with alpha made colour"),
        (Image.new("L", (8, 8), 7), ImageSpace(8, 8, 1), ""),
        (Image.new("I;16", (8, 8), 65535), ImageSpace(8, 8, 1), ""),
        (Image.new("L", (8, 8), 255), ImageSpace(8, 8, 4, bits=16), "grey made colour with alpha"),
    ],
)
def test_a_photo_of_any_size_and_mode_is_made_to_fit(tmp_path, picture, space, words):
    picture.save(tmp_path / "a.png")
    raw, said = space.load(tmp_path / "a.png")
    space.check(raw)
    assert raw.dtype == (np.uint8 if space.bits == 8 else np.uint16)
    assert words in said
    assert bool(said) == bool(words)
    if picture.mode == "RGBA":  # what is transparent is on white
        assert raw.min() == 255
    if words.endswith("col"):
        assert raw.min() == raw.max() == 76


def test_the_commands_project_keep_and_edit_a_photo(latent_runs, tmp_path, capsys):
    run, photo = latent_runs["plain"], tmp_path / "my photo.png"
    Image.new("RGB", (20, 10), "grey").save(photo)
    quick = ("--steps", 5, "--features", "pixels", "--beside", 2)
    code, out, err = told(capsys, "project", run, photo, *quick, "--tune", "--out", tmp_path / "a.png")
    assert code == 0, err
    assert "its middle cropped and resized from 10×20 to 8×8, colour made grey" in out
    assert "of 2 held-out real ones before tuning 0." in out
    assert "kept as my-photo: edit" in out
    assert told(capsys, "directions", run, "--by", "sefa", "--k", 1, "--out", tmp_path / "b.png")[0] == 0
    edit = ("edit", run, "--photo", "my-photo", "--direction", "sefa-0=2")
    assert told(capsys, *edit, "--out", tmp_path / "c.png")[0] == 0
    assert told(capsys, *edit, "--out", tmp_path / "c.npy")[0] == 0
    assert np.load(tmp_path / "c.npy").shape == (1, 8, 8, 1)
    code, out, err = told(capsys, "encoder", run, "--steps", 2, "--features", "pixels")
    assert (code, "2 steps, from its own samples and its data" in out) == (0, True), err
    (run / "latents" / "encoder.safetensors").unlink()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("project RUN nowhere.png", "nowhere.png"),
        ("project RUN RUN/run.json", "not an image that can be read"),
        ("project RUN a.png --plus --features pixels", "--plus needs a w for every layer"),
        ("project RUN a.png --steps -1 --features pixels", "--steps -1: it cannot be negative"),
        ("project RUN a.png --class 3 --features pixels", "learnt nothing of classes"),
        ("project RUN a.png --name ../../a", "'../../a' is no name"),
        ("project RUN a.png --features vgg", "there are no features 'vgg'"),
        ("project RUN/generator.safetensors a.png", "is a file: what is found of latents is kept"),
        ("encoder RUN --steps 0 --features pixels", "--steps 0: an encoder needs at least one step"),
        ("edit RUN --photo nobody --direction a=1", "there is no projected photo 'nobody'"),
        ("edit RUN --photo ../x --direction a=1", "'../x' is no name"),
    ],
)
def test_what_cannot_be_projected_is_said_in_one_line(
    latent_runs, capsys, tmp_path, monkeypatch, command, words
):
    monkeypatch.chdir(tmp_path)
    Image.new("L", (8, 8)).save("a.png")
    code, _, err = told(capsys, *command.replace("RUN", str(latent_runs["plain"])).split())
    assert code == 2
    assert words in err
    assert err.count("\n") == 1


@of("conditional")
def test_a_file_of_something_else_is_no_photo(generator, tmp_path):
    own = generator.sample(1, given="3")
    found = Projector(generator).project(own, steps=0, given="3")
    photos.keep(found, generator, tmp_path, "a")
    path = tmp_path / "latents" / "photos" / "a.safetensors"
    again = photos.kept(generator, tmp_path, "a")
    np.testing.assert_array_equal(again.target, own)
    assert torch.equal(again.w, found.w)
    assert torch.equal(again.c, found.c)
    good = load_file(path)
    metadata = {"ptarmigan": f'{{"weights": "{photos.weights_of(generator)}"}}'}
    for wrong in (
        {"w": torch.zeros(1, 2, 5)},
        {"w": torch.full((1, 1, 5), float("nan"))},
        {"c": torch.tensor([10])},
        {"c": torch.tensor([-1])},
        {"target": torch.zeros(1, 9, 8, 1)},
        {"tuned.generator.out.bias": torch.zeros(3)},
    ):
        save_file(good | wrong, path, metadata)
        with pytest.raises(ValueError, match=r"a\.safetensors"):
            photos.kept(generator, tmp_path, "a")
    save_file({"w": torch.zeros(1 << 16)}, path, metadata)
    with pytest.raises(ValueError, match="is too large"):
        photos.kept(generator, tmp_path, "a")
