"""Label maps: numbers as they stand in files, palettes, colours, and that classes are never mixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ptarmigan.data.condition import Condition
from ptarmigan.modalities.label.space import SHARP, LabelSpace
from ptarmigan.modalities.registry import from_json
from ptarmigan.tasks.translate.source import Pairs

COLOURS = np.array([(0, 0, 0), (200, 30, 30), (30, 200, 30), (10, 10, 240)], np.uint8)


def maps(n: int = 12, classes: int = 4) -> np.ndarray:
    found = np.random.default_rng(0).integers(classes, size=(n, 6, 8), dtype=np.uint8)
    found[:, 0, 0] = classes - 1
    return found


def put(root: Path, images: list[Image.Image]) -> Path:
    for folder in ("label", "photo"):
        (root / folder).mkdir(parents=True)
    for i, image in enumerate(images):
        image.save(root / "label" / f"{i:02d}.png")
        Image.new("RGB", image.size, (i, i, i)).save(root / "photo" / f"{i:02d}.png")
    return root


def opened(root: Path, **options: object) -> Condition:
    inputs = Pairs(root, labels="A", **options).open(batch=2).require_condition()  # type: ignore[arg-type]
    assert inputs is not None
    return inputs


def held(inputs: Condition) -> np.ndarray:
    """All maps, those held out last."""
    return np.concatenate([s.read(np.arange(len(s))) for s in (inputs.source, inputs.held_out)])


def paletted(labels: np.ndarray, colours: np.ndarray = COLOURS) -> Image.Image:
    image = Image.fromarray(labels)
    image.putpalette(colours.tobytes())
    return image


def same(found: np.ndarray, wanted: np.ndarray) -> None:
    """The same maps, in any order."""
    assert sorted(one.tobytes() for one in found) == sorted(one.tobytes() for one in wanted)


def test_encode_and_decode_are_inverse() -> None:
    space = LabelSpace(6, 8, 4)
    raw = maps()[..., None]
    x = space.encode(raw)
    assert x.shape == (12, *space.shape)
    assert torch.equal(x.sum(1), torch.full((12, 6, 8), -2.0))
    np.testing.assert_array_equal(space.decode(x), raw)
    with pytest.raises(ValueError, match="class 4"):
        space.encode(raw + 1)


def test_grey_maps_are_read_as_they_stand(tmp_path: Path) -> None:
    inputs = opened(put(tmp_path, [Image.fromarray(m) for m in maps()]))
    assert inputs.space == LabelSpace(6, 8, 4)
    same(held(inputs), maps())


def test_grey_saved_as_colour_is_grey(tmp_path: Path) -> None:
    inputs = opened(put(tmp_path, [Image.fromarray(m).convert("RGB") for m in maps()]))
    assert inputs.space == LabelSpace(6, 8, 4)
    same(held(inputs), maps())


def test_palettes_keep_numbers_and_colours(tmp_path: Path) -> None:
    inputs = opened(put(tmp_path, [paletted(m) for m in maps()]))
    assert inputs.space == LabelSpace(6, 8, 4, tuple(COLOURS.ravel().tolist()))
    same(held(inputs), maps())


def test_colours_are_classes_where_numbers_mean_nothing(tmp_path: Path) -> None:
    """Colour images; and palettes that are sorted anew in every file."""
    rgb = put(tmp_path / "rgb", [Image.fromarray(COLOURS[m]) for m in maps()])
    turned = [paletted(3 - m, COLOURS[::-1].copy()) if i % 2 else paletted(m) for i, m in enumerate(maps())]
    both = [opened(rgb), opened(put(tmp_path / "palettes", turned))]
    order = np.array([0, 3, 2, 1], np.uint8)  # by red, then green, then blue
    for inputs in both:
        assert isinstance(inputs.space, LabelSpace)
        assert inputs.space.by_colour
        assert inputs.space.labels == 4
        same(held(inputs), order[maps()])
        np.testing.assert_array_equal(inputs.space.pixels(order[maps()][..., None]), COLOURS[maps()])


@pytest.mark.parametrize("numbers", [(0, 255), (0, 1, 2, 255), (7, 100, 3000)])
def test_numbers_far_apart_are_counted_in_order(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    raw = maps(classes=len(numbers))
    raw[:, 0, : len(numbers)] = np.arange(len(numbers))
    dtype = np.uint8 if max(numbers) < 256 else np.uint16
    inputs = opened(put(tmp_path, [Image.fromarray(np.array(numbers, dtype)[m]) for m in raw]))
    assert inputs.space == LabelSpace(6, 8, len(numbers), numbers=numbers)
    same(held(inputs), raw)


def test_small_numbers_that_do_not_occur_are_classes_too(tmp_path: Path) -> None:
    raw = maps() * 2
    assert opened(put(tmp_path, [Image.fromarray(m) for m in raw])).space == LabelSpace(6, 8, 7)


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    raw = maps()[..., None]
    palette = tuple(COLOURS.ravel().tolist())
    for i, space in enumerate(
        (
            LabelSpace(6, 8, 4),
            LabelSpace(6, 8, 4, palette),
            LabelSpace(6, 8, 4, palette, (0, 1, 2, 255)),
            LabelSpace(6, 8, 4, numbers=(0, 1, 2, 300)),
        )
    ):
        root = tmp_path / str(i)
        space.save(raw, root / "label")
        (root / "photo").mkdir()
        for path in (root / "label").iterdir():
            Image.new("RGB", (8, 6)).save(root / "photo" / path.name)
        inputs = opened(root)
        assert inputs.space == space
        assert from_json(space.to_json()) == space
        same(held(inputs), raw)


def test_sizes_and_jitter_pick_pixels(tmp_path: Path) -> None:
    raw = np.zeros((12, 6, 8), np.uint8)
    raw[:, :, 4:] = 9
    root = put(tmp_path, [Image.fromarray(m) for m in raw])
    for options in ({"size": "12x20"}, {"size": "9x9", "crop": True}, {"jitter": 3}):
        samples = Pairs(root, labels="A", flip=True, **options).open(batch=10)  # type: ignore[arg-type]
        _, c = samples.load(0)
        assert c is not None
        assert set(c.argmax(1).unique().tolist()) == {0, 9}
        assert set(c.unique().tolist()) == {-1.0, 1.0}


def test_labels_and_photos_are_jittered_alike(tmp_path: Path) -> None:
    root = tmp_path
    (root / "a").mkdir()
    (root / "b").mkdir()
    for i, m in enumerate(maps().repeat(8, 1).repeat(8, 2)):
        Image.fromarray(m).save(root / "a" / f"{i}.png")
        Image.fromarray(m * 60).save(root / "b" / f"{i}.png")
    x, c = Pairs(root, labels="A", jitter=9, flip=True).open(batch=8).load(0)
    assert c is not None
    said = c.argmax(1) * 60
    assert ((x[:, 0] + 1) * 127.5 - said).abs().lt(20).double().mean() > 0.7


def test_what_is_no_label_map(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    grey = [Image.fromarray(random.integers(256, size=(30, 30), dtype=np.uint8)) for _ in range(7)]
    rgb = [Image.fromarray(random.integers(256, size=(30, 30, 3), dtype=np.uint8)) for _ in range(7)]
    with pytest.raises(ValueError, match="more than 200 different numbers"):
        opened(put(tmp_path / "grey", grey))
    with pytest.raises(ValueError, match="more than 64 different colours"):
        opened(put(tmp_path / "rgb", rgb))
    with pytest.raises(ValueError, match="label maps are whole numbers"):
        Pairs((np.zeros((7, 4, 4)), np.zeros((7, 4, 4, 3))), labels="A").open(batch=1)


@pytest.mark.parametrize(("void", "classes"), [(255, 4), (3, 3), (1, 4)])
def test_void_is_no_class(tmp_path: Path, void: int, classes: int) -> None:
    """It is encoded as none of the classes, saved as it was read, and networks never make it."""
    raw = maps()
    raw[:, 2:4] = void
    inputs = opened(put(tmp_path, [Image.fromarray(m) for m in raw]), void=str(void))
    space = inputs.space
    assert isinstance(space, LabelSpace)
    assert space.labels == classes
    found = held(inputs)
    assert ((found[..., 0] == classes).sum(0) == (raw == void).sum(0)).all()
    assert ((space.encode(found).amax(1) < 0).numpy() == (found[..., 0] == classes)).all()
    assert space.decode(-torch.ones(1, *space.shape)).max() == 0
    assert space.pixels(found).shape == (12, 6, 8, 3)
    assert (np.asarray(space.picture(found[0])) == void).sum() == (found[0] == classes).sum()
    assert from_json(space.to_json()) == space


def test_void_is_not_learnt() -> None:
    space = LabelSpace(4, 4, 3, void=255)
    raw = np.arange(16, dtype=np.uint8).reshape(1, 4, 4, 1) % 4
    made = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = space.distance(made, space.encode(raw))
    (gradient,) = torch.autograd.grad(loss, made)
    of_a_class = torch.from_numpy(raw[..., 0] < 3)
    assert torch.equal(gradient.abs().amax(1) > 0, of_a_class)
    chosen = made.detach()[0, :, of_a_class[0]].T * SHARP
    wanted = torch.from_numpy(raw[0, ..., 0].astype(np.int64))[of_a_class[0]]
    torch.testing.assert_close(loss.detach(), torch.nn.functional.cross_entropy(chosen, wanted))
    assert space.distance(made, space.encode(np.full_like(raw, 3))) == 0


def test_void_that_is_none(tmp_path: Path) -> None:
    put(tmp_path, [Image.fromarray(COLOURS[m]) for m in maps()])
    with pytest.raises(ValueError, match="--void 1: these label maps are told by their colours"):
        opened(tmp_path, void="1")
    with pytest.raises(ValueError, match="which side holds label maps"):
        Pairs(tmp_path, void="1").open(batch=2)
    with pytest.raises(ValueError, match="--void 2: the label maps hold nothing else"):
        Pairs((np.full((7, 4, 4), 2), np.zeros((7, 4, 4, 3), np.uint8)), labels="A", void="2").open(batch=1)
    with pytest.raises(ValueError, match="--void none: it is a number"):
        opened(tmp_path, void="none")
