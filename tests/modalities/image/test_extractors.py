"""Pretrained features: arithmetic on random weights, and what the real weights make of real images."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file

from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.metrics.features import ClassifierFeatures, extract, pixels
from ptarmigan.modalities.image import classifier as classifiers
from ptarmigan.modalities.image.classifier import Unlabelled, fingerprint, learn
from ptarmigan.modalities.image.extractors import dinov2 as dino
from ptarmigan.modalities.image.extractors import inception as inceptions
from ptarmigan.modalities.image.extractors import resnet20 as resnets
from ptarmigan.modalities.image.extractors import show as shown
from ptarmigan.modalities.image.extractors import squeezenet as squeezenets
from ptarmigan.modalities.image.extractors.pick import NAMES, extractor
from ptarmigan.modalities.image.extractors.show import ROWS, rgb, show
from ptarmigan.modalities.image.extractors.weights import COUNTER
from ptarmigan.modalities.image.named import SETS
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.point.source import points


def noise(n, height=9, width=7, channels=3, dtype=np.uint8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max + 1, (n, height, width, channels), dtype)


def random_state(make, seed=0):
    """Weights that keep signals alive through many layers."""
    with torch.device("meta"):
        wanted = make().state_dict()
    g = torch.Generator().manual_seed(seed)
    out = {}
    for name, value in wanted.items():
        if value.dim() > 1:
            out[name] = torch.randn(value.shape, generator=g) * (2 / value[0].numel()) ** 0.5
        elif name.endswith(("running_var", "bn.weight", "bn1.weight", "bn2.weight")):
            out[name] = torch.rand(value.shape, generator=g) + 0.5
        elif not name.endswith(COUNTER):
            out[name] = torch.randn(value.shape, generator=g) * 0.1
    return out


def saved(make, folder, seed=0):
    path = folder / f"{seed}.safetensors"
    save_file(random_state(make, seed), path)
    return path


def whatever_the_batch(features, raw):
    """Each image's features are the same bits, alone and in any company."""
    whole = features(raw)
    assert whole.dtype == np.float32
    assert np.isfinite(whole).all()
    assert whole.std(axis=0).max() > 0
    np.testing.assert_array_equal(np.concatenate([features(raw[i : i + 1]) for i in range(len(raw))]), whole)
    order = np.random.default_rng(0).permutation(len(raw))
    np.testing.assert_array_equal(features(raw[order]), whole[order])
    return whole


class TestShow:
    def test_colours(self):
        image = noise(1)[0]
        assert rgb(image) is image
        grey = noise(1, channels=1)[0]
        np.testing.assert_array_equal(rgb(grey), np.concatenate([grey] * 3, axis=2))
        np.testing.assert_array_equal(rgb(image.astype(np.uint16) * 257), image)
        deep = np.array([[[0, 128, 129], [256, 257, 65535]]], np.uint16)  # half of 257 is 128.5
        np.testing.assert_array_equal(rgb(deep), [[[0, 0, 1], [1, 1, 255]]])

    @pytest.mark.parametrize("channels", [2, 4])
    def test_transparent_is_white(self, channels):
        image = noise(1, channels=channels)[0]
        image[..., -1] = 255
        opaque = rgb(image)
        np.testing.assert_array_equal(opaque, rgb(image[..., :-1]))
        image[..., -1] = 0
        assert (rgb(image) == 255).all()
        image[..., -1] = 51  # a fifth
        np.testing.assert_array_equal(rgb(image), np.round(opaque / 5 + 204))
        np.testing.assert_array_equal(rgb(image.astype(np.uint16) * 257), np.round(opaque / 5 + 204))

    @pytest.mark.parametrize("n", [1, ROWS, ROWS + 1, 3 * ROWS])
    def test_batches_are_equal_and_rows_in_order(self, n):
        raw, sizes = noise(n), []

        def net(x):
            sizes.append(x.shape)
            return x.sum(dim=(1, 2, 3)), x[:, 1]

        total, green = show(raw, lambda picture: picture.astype(np.float32), net)
        assert sizes == [(ROWS, 3, 9, 7)] * -(-n // ROWS)
        np.testing.assert_array_equal(total, raw.sum(axis=(1, 2, 3)))
        np.testing.assert_array_equal(green, raw[..., 1])

    def test_large_images_are_prepared_a_batch_at_a_time(self):
        ready = most = 0

        def prepare(picture):
            nonlocal ready, most
            ready, most = ready + 1, max(most, ready + 1)
            return picture[:1, :1].astype(np.float32)

        def net(x):
            nonlocal ready
            ready = 0
            return (x.flatten(1),)

        show(noise(5 * ROWS, 300, 200), prepare, net)
        assert most == ROWS

    @pytest.mark.parametrize(
        "raw", [noise(0), noise(2)[0], noise(2, channels=5), noise(2).astype(np.float32), noise(2, 0)]
    )
    def test_what_is_no_image(self, raw):
        with pytest.raises(ValueError, match=r"looks at images .* not at"):
            show(raw, lambda picture: picture, lambda x: (x,))


def resized(x, side):
    """TensorFlow 1's resize, from its definition, one number after another."""
    height, width, channels = x.shape
    out = np.empty((side, side, channels))
    for i in range(side):
        for j in range(side):
            v, u = i * height / side, j * width / side
            y0, x0 = int(v), int(u)
            y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
            dy, dx = v - y0, u - x0
            out[i, j] = (1 - dy) * ((1 - dx) * x[y0, x0] + dx * x[y0, x1]) + dy * (
                (1 - dx) * x[y1, x0] + dx * x[y1, x1]
            )
    return out


CONVOLUTIONS = """
Conv2d_1a_3x3 32 3 3 3, Conv2d_2a_3x3 32 32 3 3, Conv2d_2b_3x3 64 32 3 3, Conv2d_3b_1x1 80 64 1 1,
Conv2d_4a_3x3 192 80 3 3, Mixed_5b.branch1x1 64 192 1 1, Mixed_5b.branch5x5_1 48 192 1 1,
Mixed_5b.branch5x5_2 64 48 5 5, Mixed_5b.branch3x3dbl_1 64 192 1 1,
Mixed_5b.branch3x3dbl_2 96 64 3 3, Mixed_5b.branch3x3dbl_3 96 96 3 3,
Mixed_5b.branch_pool 32 192 1 1, Mixed_5c.branch1x1 64 256 1 1, Mixed_5c.branch5x5_1 48 256 1 1,
Mixed_5c.branch5x5_2 64 48 5 5, Mixed_5c.branch3x3dbl_1 64 256 1 1,
Mixed_5c.branch3x3dbl_2 96 64 3 3, Mixed_5c.branch3x3dbl_3 96 96 3 3,
Mixed_5c.branch_pool 64 256 1 1, Mixed_5d.branch1x1 64 288 1 1, Mixed_5d.branch5x5_1 48 288 1 1,
Mixed_5d.branch5x5_2 64 48 5 5, Mixed_5d.branch3x3dbl_1 64 288 1 1,
Mixed_5d.branch3x3dbl_2 96 64 3 3, Mixed_5d.branch3x3dbl_3 96 96 3 3,
Mixed_5d.branch_pool 64 288 1 1, Mixed_6a.branch3x3 384 288 3 3, Mixed_6a.branch3x3dbl_1 64 288 1 1,
Mixed_6a.branch3x3dbl_2 96 64 3 3, Mixed_6a.branch3x3dbl_3 96 96 3 3,
Mixed_6b.branch1x1 192 768 1 1, Mixed_6b.branch7x7_1 128 768 1 1, Mixed_6b.branch7x7_2 128 128 1 7,
Mixed_6b.branch7x7_3 192 128 7 1, Mixed_6b.branch7x7dbl_1 128 768 1 1,
Mixed_6b.branch7x7dbl_2 128 128 7 1, Mixed_6b.branch7x7dbl_3 128 128 1 7,
Mixed_6b.branch7x7dbl_4 128 128 7 1, Mixed_6b.branch7x7dbl_5 192 128 1 7,
Mixed_6b.branch_pool 192 768 1 1, Mixed_6c.branch1x1 192 768 1 1, Mixed_6c.branch7x7_1 160 768 1 1,
Mixed_6c.branch7x7_2 160 160 1 7, Mixed_6c.branch7x7_3 192 160 7 1,
Mixed_6c.branch7x7dbl_1 160 768 1 1, Mixed_6c.branch7x7dbl_2 160 160 7 1,
Mixed_6c.branch7x7dbl_3 160 160 1 7, Mixed_6c.branch7x7dbl_4 160 160 7 1,
Mixed_6c.branch7x7dbl_5 192 160 1 7, Mixed_6c.branch_pool 192 768 1 1,
Mixed_6d.branch1x1 192 768 1 1, Mixed_6d.branch7x7_1 160 768 1 1, Mixed_6d.branch7x7_2 160 160 1 7,
Mixed_6d.branch7x7_3 192 160 7 1, Mixed_6d.branch7x7dbl_1 160 768 1 1,
Mixed_6d.branch7x7dbl_2 160 160 7 1, Mixed_6d.branch7x7dbl_3 160 160 1 7,
Mixed_6d.branch7x7dbl_4 160 160 7 1, Mixed_6d.branch7x7dbl_5 192 160 1 7,
Mixed_6d.branch_pool 192 768 1 1, Mixed_6e.branch1x1 192 768 1 1, Mixed_6e.branch7x7_1 192 768 1 1,
Mixed_6e.branch7x7_2 192 192 1 7, Mixed_6e.branch7x7_3 192 192 7 1,
Mixed_6e.branch7x7dbl_1 192 768 1 1, Mixed_6e.branch7x7dbl_2 192 192 7 1,
Mixed_6e.branch7x7dbl_3 192 192 1 7, Mixed_6e.branch7x7dbl_4 192 192 7 1,
Mixed_6e.branch7x7dbl_5 192 192 1 7, Mixed_6e.branch_pool 192 768 1 1,
Mixed_7a.branch3x3_1 192 768 1 1, Mixed_7a.branch3x3_2 320 192 3 3,
Mixed_7a.branch7x7x3_1 192 768 1 1, Mixed_7a.branch7x7x3_2 192 192 1 7,
Mixed_7a.branch7x7x3_3 192 192 7 1, Mixed_7a.branch7x7x3_4 192 192 3 3,
Mixed_7b.branch1x1 320 1280 1 1, Mixed_7b.branch3x3_1 384 1280 1 1,
Mixed_7b.branch3x3_2a 384 384 1 3, Mixed_7b.branch3x3_2b 384 384 3 1,
Mixed_7b.branch3x3dbl_1 448 1280 1 1, Mixed_7b.branch3x3dbl_2 384 448 3 3,
Mixed_7b.branch3x3dbl_3a 384 384 1 3, Mixed_7b.branch3x3dbl_3b 384 384 3 1,
Mixed_7b.branch_pool 192 1280 1 1, Mixed_7c.branch1x1 320 2048 1 1,
Mixed_7c.branch3x3_1 384 2048 1 1, Mixed_7c.branch3x3_2a 384 384 1 3,
Mixed_7c.branch3x3_2b 384 384 3 1, Mixed_7c.branch3x3dbl_1 448 2048 1 1,
Mixed_7c.branch3x3dbl_2 384 448 3 3, Mixed_7c.branch3x3dbl_3a 384 384 1 3,
Mixed_7c.branch3x3dbl_3b 384 384 3 1, Mixed_7c.branch_pool 192 2048 1 1
"""
"""Every convolution of the published file: name, and shape of its weight."""


class TestInception:
    def test_names_and_shapes_are_those_of_the_published_file(self):
        with torch.device("meta"):
            net = inceptions.Net()
        found = {name: tuple(value.shape) for name, value in net.state_dict().items()}
        assert found.pop("fc.weight") == (1008, 2048)
        assert found.pop("fc.bias") == (1008,)
        wanted = {}
        for line in CONVOLUTIONS.replace("\n", " ").split(","):
            name, *shape = line.split()
            wanted[f"{name}.conv.weight"] = tuple(map(int, shape))
            for part in ("weight", "bias", "running_mean", "running_var"):
                wanted[f"{name}.bn.{part}"] = (int(shape[0]),)
            wanted[f"{name}.bn.num_batches_tracked"] = ()
        assert found == wanted
        assert len(wanted) == 94 * 6
        assert sum(p.numel() for p in net.parameters()) == 23_850_960
        assert {m.eps for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)} == {1e-3}

    @pytest.mark.parametrize(
        ("height", "width", "side"), [(32, 32, 299), (1, 1, 5), (7, 40, 23), (50, 31, 11), (13, 13, 13)]
    )
    def test_the_resize(self, height, width, side):
        x = noise(1, height, width)[0].astype(np.float32)
        found = inceptions.tensorflow1(x, side)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, resized(x, side), atol=1e-3)

    def test_the_resize_maps_corners_and_is_not_antialiased(self):
        x = np.arange(8, dtype=np.float32)[:, None, None].repeat(8, 1)
        np.testing.assert_array_equal(inceptions.tensorflow1(x, 4)[:, 0, 0], [0, 2, 4, 6])
        np.testing.assert_array_equal(inceptions.tensorflow1(x, 16)[:4, 0, 0], [0, 0.5, 1, 1.5])
        assert inceptions.tensorflow1(x, 16)[-1, 0, 0] == 7

    def test_the_range(self):
        for value, prepared in ((0, -1), (128, 0), (255, 127 / 128)):
            found = inceptions.prepare(np.full((5, 5, 3), value, np.uint8))
            assert found.shape == (299, 299, 3)
            assert (found == np.float32(prepared)).all()

    def test_the_average_does_not_count_padding(self):
        ones = torch.ones(1, 2, 4, 5)
        assert torch.equal(inceptions.average(ones), ones)
        x = torch.arange(9.0).reshape(1, 1, 3, 3)
        assert inceptions.average(x)[0, 0].tolist() == [[2, 2.5, 3], [3.5, 4, 4.5], [5, 5.5, 6]]
        assert inceptions.greatest(-ones).max() == -1

    @pytest.mark.parametrize("kind", "abcde")
    def test_blocks(self, kind):
        """Each of the paper's blocks, written out."""
        make = {
            "a": lambda: inceptions._a(24, 16),
            "b": lambda: inceptions._b(24),
            "c": lambda: inceptions._c(24, 8),
            "d": lambda: inceptions._d(24),
            "e": lambda: inceptions._e(24, inceptions.greatest),
        }[kind]
        state = random_state(make)
        net = make().eval()
        net.load_state_dict(state, strict=False)
        x = torch.rand(2, 24, 9, 9, generator=torch.Generator().manual_seed(1))

        def unit(name, x, **options):
            y = F.conv2d(x, state[f"{name}.conv.weight"], **options)
            mean, var, gain, shift = (
                state[f"{name}.bn.{part}"][:, None, None]
                for part in ("running_mean", "running_var", "weight", "bias")
            )
            return ((y - mean) / (var + 0.001).sqrt() * gain + shift).clamp(min=0)

        def chain(*steps):
            y = x
            for name, options in steps:
                y = unit(name, y, **options)
            return y

        def padded(size):
            return {"padding": size // 2}

        wide, tall, halved = {"padding": (0, 3)}, {"padding": (3, 0)}, {"stride": 2}
        count = F.avg_pool2d(F.pad(torch.ones(1, 1, 9, 9), (1, 1, 1, 1)), 3, 1)
        mean = F.avg_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 1) / count
        most = F.max_pool2d(F.pad(x, (1, 1, 1, 1), value=-1e9), 3, 1)
        if kind == "a":
            parts = [
                chain(("branch1x1", {})),
                chain(("branch5x5_1", {}), ("branch5x5_2", padded(5))),
                chain(("branch3x3dbl_1", {}), ("branch3x3dbl_2", padded(3)), ("branch3x3dbl_3", padded(3))),
                unit("branch_pool", mean),
            ]
        elif kind == "b":
            parts = [
                chain(("branch3x3", halved)),
                chain(("branch3x3dbl_1", {}), ("branch3x3dbl_2", padded(3)), ("branch3x3dbl_3", halved)),
                F.max_pool2d(x, 3, 2),
            ]
        elif kind == "c":
            double = [("branch7x7dbl_1", {}), ("branch7x7dbl_2", tall), ("branch7x7dbl_3", wide)]
            parts = [
                chain(("branch1x1", {})),
                chain(("branch7x7_1", {}), ("branch7x7_2", wide), ("branch7x7_3", tall)),
                chain(*double, ("branch7x7dbl_4", tall), ("branch7x7dbl_5", wide)),
                unit("branch_pool", mean),
            ]
        elif kind == "d":
            seven = [("branch7x7x3_1", {}), ("branch7x7x3_2", wide), ("branch7x7x3_3", tall)]
            parts = [
                chain(("branch3x3_1", {}), ("branch3x3_2", halved)),
                chain(*seven, ("branch7x7x3_4", halved)),
                F.max_pool2d(x, 3, 2),
            ]
        else:
            three = chain(("branch3x3_1", {}))
            double = chain(("branch3x3dbl_1", {}), ("branch3x3dbl_2", padded(3)))
            parts = [
                chain(("branch1x1", {})),
                unit("branch3x3_2a", three, padding=(0, 1)),
                unit("branch3x3_2b", three, padding=(1, 0)),
                unit("branch3x3dbl_3a", double, padding=(0, 1)),
                unit("branch3x3dbl_3b", double, padding=(1, 0)),
                unit("branch_pool", most),
            ]
        expected = torch.cat(parts, 1)
        with torch.no_grad():
            found = net(x)
        assert found.shape[1] == net.channels
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)

    def test_features_and_classes(self, tmp_path, monkeypatch):
        monkeypatch.setattr(shown, "ROWS", 2)
        path = tmp_path / "w.pth"
        state = random_state(inceptions.Net)
        torch.save(state, path)
        features = inceptions.inception(path)
        assert features.name == f"inception:{features.hash[:8]}"
        vectors = whatever_the_batch(features, noise(3, 20, 30))
        assert vectors.shape == (3, 2048)
        assert isinstance(features, ClassifierFeatures)
        assert len(features.classes) == 1008
        scores = vectors.astype(np.float64) @ state["fc.weight"].double().numpy().T  # and no bias
        np.testing.assert_allclose(
            features.probabilities(vectors), np.exp(scores) / np.exp(scores).sum(1, keepdims=True), rtol=1e-9
        )

    def test_weights_of_torchvision_are_refused(self, tmp_path):
        state = random_state(inceptions.Net)
        state["fc.weight"], state["fc.bias"] = state["fc.weight"][:1000].clone(), state["fc.bias"][:1000]
        state["AuxLogits.fc.bias"] = torch.zeros(1000)
        save_file(state, tmp_path / "w.safetensors")
        with pytest.raises(ValueError, match=r"not expected: AuxLogits.*fc.bias \(1000,\), not \(1008,\)"):
            inceptions.inception(tmp_path / "w.safetensors")


class TestResNet20:
    def test_a_shortcut_skips_pixels_and_adds_empty_channels(self):
        block = resnets.Block(4, 8, 2)
        torch.nn.init.zeros_(block.bn2.weight)  # nothing beside the shortcut
        x = torch.rand(2, 4, 6, 6)
        out = block.eval()(x)
        assert torch.equal(out[:, 2:6], x[:, :, ::2, ::2])
        assert not out[:, [0, 1, 6, 7]].any()
        block = resnets.Block(4, 4, 1)
        torch.nn.init.zeros_(block.bn2.weight)
        assert torch.equal(block.eval()(x), x)

    def test_features_and_classes(self, tmp_path):
        features = resnets.resnet20(saved(resnets.Net, tmp_path))
        vectors = whatever_the_batch(features, noise(5, 40, 33, 2, np.uint16))
        assert vectors.shape == (5, 64)
        assert isinstance(features, ClassifierFeatures)
        assert features.classes[3] == "cat"
        np.testing.assert_allclose(features.probabilities(vectors).sum(axis=1), 1)
        other = resnets.resnet20(saved(resnets.Net, tmp_path, seed=1))
        assert other.hash != features.hash

    def test_without_weights(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"cifar10_resnet20.safetensors are served nowhere"):
            resnets.resnet20(cache=tmp_path)


class TestSqueezeNet:
    def test_layers_and_features(self, tmp_path, monkeypatch):
        monkeypatch.setattr(shown, "ROWS", 2)
        features = squeezenets.squeezenet(saved(squeezenets.Net, tmp_path))
        raw = noise(3, 20, 30)
        maps = features.layers(raw)
        assert [m.shape for m in maps] == [
            *[(3, c, s, s) for c, s in ((96, 111), (128, 55), (128, 55), (256, 55), (256, 27))],
            *[(3, c, s, s) for c, s in ((384, 27), (384, 27), (512, 27), (512, 13))],
        ]
        vectors = whatever_the_batch(features, raw)
        np.testing.assert_allclose(vectors, maps[-1].mean(axis=(2, 3)), rtol=1e-5)
        assert not isinstance(features, ClassifierFeatures)

    def test_a_fire(self, tmp_path):
        net = squeezenets.squeezenet(saved(squeezenets.Net, tmp_path)).net
        state = net.state_dict()
        maps = net.layers(torch.randn(1, 3, 227, 227))
        squeezed = F.relu(F.conv2d(maps[6], state["fire8__squeeze1x1.w"], state["fire8__squeeze1x1.b"]))
        one = F.conv2d(squeezed, state["fire8__expand1x1.w"], state["fire8__expand1x1.b"])
        three = F.conv2d(squeezed, state["fire8__expand3x3.w"], state["fire8__expand3x3.b"], padding=1)
        torch.testing.assert_close(maps[7], F.relu(torch.cat([one, three], 1)))
        scores = F.relu(F.conv2d(maps[8], state["conv10.w"], state["conv10.b"])).mean(dim=(2, 3))
        assert scores.shape == (1, 1000)

    def test_caffes_colours(self):
        found = squeezenets.prepare(np.full((5, 5, 3), (10, 20, 30), np.uint8))
        assert found.shape == (227, 227, 3)
        np.testing.assert_array_equal(found[0, 0], [30 - 104, 20 - 117, 10 - 123])


@pytest.fixture(scope="module")
def cifar(shared):
    """``cifar("test", n)``: images of all classes and their labels."""
    with zipfile.ZipFile(shared / "cifar10_jpeg.zip") as images:

        def some(part, n):
            names = sorted(name for name in images.namelist() if re.match(rf"{part}/\w+/\d+.jpg", name))
            chosen = np.random.default_rng(0).permutation(names)[:n]
            raw = np.stack([np.asarray(Image.open(io.BytesIO(images.read(name)))) for name in chosen])
            return raw, np.array([SETS["cifar10"].classes.index(name.split("/")[1]) for name in chosen])

        yield some


class TestRealWeights:
    def test_resnet20_tells_cifar10(self, shared, cifar):
        features = resnets.resnet20(shared / "weights" / "cifar10_resnet20.safetensors")
        assert features.name == "resnet20"
        raw, labels = cifar("test", 500)
        vectors = features(raw)
        right = (features.probabilities(vectors).argmax(axis=1) == labels).mean()
        assert right > 0.78  # 91.6 % of the true pixels, 81 % of these
        np.testing.assert_array_equal(features(raw[77:78]), vectors[77:78])
        np.testing.assert_array_equal(features(raw[3:40]), vectors[3:40])

    def test_resnet20_was_trained_on_what_it_is_shown(self, shared, cifar):
        net = resnets.resnet20(shared / "weights" / "cifar10_resnet20.safetensors").features.net
        raw, _ = cifar("train", 2000)
        rng = np.random.default_rng(0)
        black = np.pad(raw, ((0, 0), (4, 4), (4, 4), (0, 0)))
        cut = [
            x[i : i + 32, j : j + 32] for x, (i, j) in zip(black, rng.integers(0, 9, (2000, 2)), strict=True)
        ]

        def off(prepare):
            x = torch.from_numpy(np.stack([prepare(picture) for picture in cut])).permute(0, 3, 1, 2)
            y = net.conv1(x)
            mean = (y.mean(dim=(0, 2, 3)) - net.bn1.running_mean) / net.bn1.running_var.sqrt()
            spread = (y.var(dim=(0, 2, 3)) / net.bn1.running_var).log()
            return max(mean.abs().mean(), spread.abs().mean())

        mean, deviation = np.float32([0.4914, 0.4822, 0.4465]), np.float32([0.247, 0.2435, 0.2616])
        assert off(resnets.prepare) < 0.05
        assert off(lambda picture: (picture / np.float32(255) - mean) / deviation) > 0.1

    def test_squeezenet_finds_the_class_better_than_pixels_do(self, shared, cifar):
        features = squeezenets.squeezenet(shared / "weights" / "imagenet_squeezenet_v1_0.safetensors")
        assert features.name == "squeezenet"
        (train, known), (test, truth) = cifar("train", 112), cifar("test", 64)

        def right(of):
            a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (of(test), of(train)))
            return (known[(a @ b.T).argmax(axis=1)] == truth).mean()

        assert right(features) > right(pixels) + 0.1 > 0.2

    def test_squeezenet_sees_streets_in_photos_of_streets(self, shared):
        net = squeezenets.squeezenet(shared / "weights" / "imagenet_squeezenet_v1_0.safetensors").net
        with zipfile.ZipFile(shared / "camvid_160x120.zip") as photos:
            names = [name for name in photos.namelist() if "/photo/" in name and name.endswith(".jpg")]
            raw = np.stack([np.asarray(Image.open(io.BytesIO(photos.read(name)))) for name in names[::21]])
        # kinds of cars, vans, buses, trucks and trams, street signs, traffic lights, parking meters
        street = [407, 436, 468, 511, 555, 569, 581, 609, 627, 654, 656, 661, 675, 704, 705, 717, 734, 751]
        street += [779, 817, 829, 864, 867, 874, 919, 920]

        def share(prepare):
            (scores,) = show(raw, prepare, lambda x: (net(x),))
            return np.isin(scores.argmax(axis=1), street).mean()

        assert share(squeezenets.prepare) > 0.4
        assert share(lambda picture: squeezenets.prepare(picture)[..., ::-1]) < 0.25


def cubic(positions, side):
    """Keys' cubic convolution (a = -0.75) by its definition; new pixels are learnt / (side + 0.1) wide."""
    learnt, a = positions.shape[0], -0.75

    def weight(d):
        d = abs(d)
        if d <= 1:
            return (a + 2) * d**3 - (a + 3) * d**2 + 1
        return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0

    matrix = np.zeros((side, learnt))
    for i in range(side):
        place = (i + 0.5) * learnt / (side + 0.1) - 0.5
        for j in range(int(np.floor(place)) - 1, int(np.floor(place)) + 3):
            matrix[i, min(max(j, 0), learnt - 1)] += weight(place - j)
    return np.einsum("ip,jq,pqd->ijd", matrix, matrix, positions)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return TestDinov2().save(tmp_path_factory.mktemp("tiny"), image_size=224)


class TestDinov2:
    def save(self, folder, **options):
        from transformers import Dinov2Config, Dinov2Model

        torch.manual_seed(0)
        config = Dinov2Config(
            hidden_size=24, num_hidden_layers=2, num_attention_heads=3, patch_size=14, **options
        )
        net = Dinov2Model(config)
        for parameter in net.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
        net.save_pretrained(folder)
        return folder

    def copy(self, tiny, folder, **fields):
        config = json.loads((tiny / "config.json").read_text()) | fields
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "model.safetensors").write_bytes((tiny / "model.safetensors").read_bytes())
        return folder

    def test_features_are_the_class_token_of_what_pillow_resized(self, tiny):
        from transformers import Dinov2Model

        features = dino.dinov2(tiny)
        assert features.name == f"dinov2:{features.hash[:8]}"
        raw = noise(3, 20, 30)
        vectors = whatever_the_batch(features, raw)
        assert vectors.shape == (3, 24)
        large = np.stack(
            [np.asarray(Image.fromarray(x).resize((224, 224), Image.Resampling.BICUBIC)) for x in raw]
        )
        x = (large / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        net = Dinov2Model.from_pretrained(tiny)
        with torch.no_grad():
            expected = net(torch.from_numpy(x).permute(0, 3, 1, 2).float()).last_hidden_state[:, 0]
        np.testing.assert_allclose(vectors, expected, rtol=1e-3, atol=1e-4)

    def test_positions_are_resampled_as_the_authors_do(self):
        positions = torch.randn(1, 1 + 37 * 37, 5, dtype=torch.float64)
        found = dino.resampled(positions, 16)
        assert found.shape == (1, 1 + 256, 5)
        assert torch.equal(found[:, 0], positions[:, 0])
        expected = cubic(positions[0, 1:].unflatten(0, (37, 37)).numpy(), 16)
        np.testing.assert_allclose(found[0, 1:].unflatten(0, (16, 16)), expected, atol=1e-9)
        assert dino.resampled(positions, 37) is positions

    def test_a_network_that_learnt_other_sizes(self, tmp_path):
        assert dino.dinov2(self.save(tmp_path, image_size=56))(noise(2)).shape == (2, 24)

    def test_from_the_hub(self, tiny, monkeypatch):
        asked = []

        def download(repository, name):
            asked.append((repository, name))
            return str(tiny / name)

        monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
        features = dino.dinov2()
        assert features.name == "dinov2"
        assert features.hash == dino.dinov2(tiny).hash
        assert asked == [("facebook/dinov2-large", name) for name in ("config.json", "model.safetensors")]

    def test_the_hub_is_out_of_reach(self, monkeypatch):
        def download(*_):
            raise RuntimeError("no network,\nnone at all")

        monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
        with pytest.raises(
            FileNotFoundError, match=r"could not be downloaded \(no network, none at all\): give"
        ):
            dino.dinov2()

    def test_without_transformers(self, monkeypatch, tiny):
        monkeypatch.setitem(sys.modules, "transformers", None)
        with pytest.raises(ValueError, match=r"pip install 'ptarmigan\[dinov2\]'"):
            dino.dinov2(tiny)

    def test_nothing_is_run_that_a_configuration_names(self, tiny, tmp_path):
        (tmp_path / "modeling.py").write_text(f"open({str(tmp_path / 'it ran')!r}, 'w')\nclass Model: pass\n")
        folder = self.copy(
            tiny,
            tmp_path,
            auto_map={"AutoConfig": "modeling.Model", "AutoModel": "modeling.Model"},
            attn_implementation="kernels-community/flash-attn",
            quantization_config={"quant_method": "bitsandbytes", "load_in_8bit": True},
        )
        assert dino.dinov2(folder).hash == dino.dinov2(tiny).hash
        assert not (tmp_path / "it ran").exists()

    def test_what_is_not_there(self, tiny, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"holds no config.json and no model.safetensors"):
            dino.dinov2(tmp_path / "nowhere")
        (tmp_path / "config.json").write_text("{}")
        (tmp_path / "pytorch_model.bin").write_bytes(b"code")
        with pytest.raises(FileNotFoundError, match=r"holds no model.safetensors$"):
            dino.dinov2(tmp_path)

    @pytest.mark.parametrize(
        "fields",
        [
            {"model_type": "vit"},
            {"num_hidden_layers": 10**9},
            {"hidden_size": 24 * 10**6},
            {"hidden_size": "wide"},
            {"hidden_act": "os.system"},
            {"patch_size": 0},
            {"num_attention_heads": 5},
            {"image_size": 28},
        ],
        ids=lambda fields: "-".join(fields),
    )
    def test_configurations_that_lie(self, tiny, tmp_path, fields):
        with pytest.raises(ValueError, match=r"config.json.* describe") as caught:
            dino.dinov2(self.copy(tiny, tmp_path, **fields))
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"model_type": "dinov2"}', b"\xff"])
    def test_what_is_no_configuration(self, tiny, tmp_path, content):
        (self.copy(tiny, tmp_path) / "config.json").write_bytes(content)
        with pytest.raises(ValueError, match=r"config.json does not describe a DINOv2 network"):
            dino.dinov2(tmp_path)

    def test_weights_of_something_else(self, tiny, tmp_path, capfd):
        state = load_file(self.copy(tiny, tmp_path) / "model.safetensors")
        state["layer_norm.bias"] = state.pop("layernorm.bias")
        save_file(state, tmp_path / "model.safetensors")
        with pytest.raises(ValueError, match=r"missing: layernorm.bias; unexpected: layer_norm.bias"):
            dino.dinov2(tmp_path)
        state["more"] = torch.zeros(7)
        save_file(state, tmp_path / "model.safetensors")
        with pytest.raises(ValueError, match=r"holds [\d,]+ numbers, but the network"):
            dino.dinov2(tmp_path)
        (tmp_path / "model.safetensors").write_bytes(b"nothing")
        with pytest.raises(ValueError, match=r"model.safetensors is damaged"):
            dino.dinov2(tmp_path)
        assert capfd.readouterr() == ("", "")


def digits(labelled=True):
    raw = noise(60, 8, 8, 1)
    labels = np.arange(60) % 3 if labelled else None
    return Samples(ArraySource(raw, labels), ImageSpace(8, 8, 1), batch=8)


@pytest.fixture
def quick(monkeypatch):
    """Networks that learn for a few steps, where only their handling is looked at."""
    monkeypatch.setattr(classifiers, "SEEN", (512, 512))


@pytest.mark.usefixtures("quick")
class TestPick:
    def test_auto(self, tmp_path):
        labelled, plain = digits(), digits(labelled=False)
        assert extractor("auto", labelled, cache=tmp_path).name.startswith("classifier:")
        assert extractor("auto", plain, cache=tmp_path).name.startswith("rotations:")
        hashes = {extractor(name, labelled, cache=tmp_path).hash for name in ("auto", "classifier")}
        assert hashes == {learn(labelled.source, labelled.space, tmp_path).hash}

    def test_selfsupervised_does_not_look_at_classes(self, tmp_path):
        labelled, plain = digits(), digits(labelled=False)
        a = extractor("selfsupervised", labelled, cache=tmp_path)
        assert a.name.startswith("rotations:")
        assert not isinstance(a, ClassifierFeatures)  # turns are no classes
        assert isinstance(extractor("classifier", labelled, cache=tmp_path), ClassifierFeatures)
        np.testing.assert_array_equal(
            a(labelled.source.raw), learn(plain.source, plain.space, tmp_path)(plain.source.raw)
        )
        assert a.hash == extractor("selfsupervised", plain, cache=tmp_path / "other").hash
        assert a.hash != extractor("classifier", labelled, cache=tmp_path).hash
        assert len(list((tmp_path / "classifiers").iterdir())) == 2
        source, space = labelled.source, labelled.space
        assert fingerprint(Unlabelled(source), space) == fingerprint(plain.source, space)
        assert fingerprint(Unlabelled(source), space) != fingerprint(source, space)

    def test_pretrained(self, tmp_path):
        given = saved(resnets.Net, tmp_path)
        samples = digits()
        a = extractor("resnet20", samples, weights=given)
        assert a.hash == resnets.resnet20(given).hash
        assert extract(a, samples.source, np.arange(40)).shape == (40, 64)
        given = saved(squeezenets.Net, tmp_path)
        assert extractor("squeezenet", samples, weights=given).hash == squeezenets.squeezenet(given).hash
        with pytest.raises(FileNotFoundError, match="no file of weights at nowhere"):
            extractor("inception", samples, weights=Path("nowhere"))

    def test_what_cannot_be_had(self, tmp_path):
        with pytest.raises(ValueError, match=f"no features 'vgg': the names are {', '.join(NAMES)}"):
            extractor("vgg", digits())
        with pytest.raises(ValueError, match="two classes or more: take selfsupervised"):
            extractor("classifier", digits(labelled=False))
        for name in NAMES:
            if name == "pixels":
                assert extractor(name, points("ring", batch=8)) is pixels
                continue
            with pytest.raises(ValueError, match=f"{name} features are of images"):
                extractor(name, points("ring", batch=8))
        with pytest.raises(ValueError, match="auto features have no weights: leave w out"):
            extractor("auto", digits(), weights=Path("w"))


@pytest.mark.usefixtures("quick")
class TestLearning:
    def test_whatever_the_batch(self, tmp_path):
        samples = digits()
        features = learn(samples.source, samples.space, tmp_path)
        assert isinstance(features, ClassifierFeatures)
        whatever_the_batch(features, samples.source.raw[:9])

    def test_a_bar_on_a_terminal_alone(self, tmp_path, monkeypatch, capfd):
        class Terminal(io.StringIO):
            def isatty(self):
                return True

        samples = digits()
        learn(samples.source, samples.space, tmp_path / "a")
        assert capfd.readouterr() == ("", "")
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        learn(samples.source, samples.space, tmp_path / "b")
        assert "learning to tell the classes" in terminal.getvalue()
        before = terminal.getvalue()
        learn(samples.source, samples.space, tmp_path / "b")  # it is there
        assert terminal.getvalue() == before
