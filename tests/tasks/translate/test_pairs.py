"""Two domains from folders, archives and arrays: what is A, what is B, and that pairs stay pairs."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ptarmigan.commands import data
from ptarmigan.data.left_out import left_out
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.image import files
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate.domains import pairs
from ptarmigan.tasks.translate.source import Pairs

JOINED = ("trainA/{}.png", "trainB/{}.png", "testA/{}.png", "testB/{}.png")
WITHIN = ("set/train/a/{}.png", "set/train/b/{}.png", "set/val/a/{}.png", "set/val/b/{}.png")
AROUND = ("a/train/{}.png", "b/train/{}.png", "a/test/{}.png", "b/test/{}.png")


def png(value: int, side: int, height: int = 6, width: int = 5, channels: int = 3) -> bytes:
    """A picture of which every pixel says which one it is, and of which side."""
    pixels = np.full((height, width, channels), value, np.uint8)
    pixels[0, 0] = side
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(file, "PNG")
    return file.getvalue()


def put(root: Path, name: str, data: bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def two(root: Path, n: int = 12, a: str = "A/{}.png", b: str = "B/{}.png") -> Path:
    for i in range(n):
        put(root, a.format(f"{i:02d}"), png(i, 100))
        put(root, b.format(f"{i:02d}"), png(i, 200))
    return root


def sides(samples: Samples, held_out: bool = False) -> tuple[list[int], list[int]]:
    """Which pictures both sides hold, in order; B's are told from A's."""
    out = []
    for of, side in ((samples.require_condition(), 100), (samples, 200)):
        source = of.held_out if held_out else of.source
        raw = source.read(np.arange(len(source)))
        assert (raw[:, 0, 0, 0] == side).all()
        out.append(raw[:, 3, 3, 0].tolist())
    return out[0], out[1]


@pytest.mark.parametrize("layout", [JOINED, WITHIN, AROUND])
@pytest.mark.parametrize("packed", [False, True])
def test_layouts_with_a_test_split(tmp_path: Path, layout: tuple[str, ...], packed: bool) -> None:
    root = two(tmp_path / "d", 8, *layout[:2])
    for i in (20, 21, 22):
        put(root, layout[2].format(i), png(i, 100))
        put(root, layout[3].format(i), png(i, 200))
    where = root
    if packed:
        where = tmp_path / "d.zip"
        with zipfile.ZipFile(where, "w") as archive:
            for path in sorted(root.rglob("*.png")):
                archive.write(path, path.relative_to(root))
    samples = Pairs(where).open(batch=2)
    assert sides(samples) == (list(range(8)), list(range(8)))
    assert sides(samples, held_out=True) == ([20, 21, 22], [20, 21, 22])
    assert left_out(samples) == ()


def test_without_a_test_split_every_sixth_pair_is_held_out(tmp_path: Path) -> None:
    samples = Pairs(two(tmp_path, 18)).open(batch=2)
    (a, b), (held_a, held_b) = sides(samples), sides(samples, held_out=True)
    assert a == b
    assert held_a == held_b
    assert len(held_a) == 3
    assert sorted(a + held_a) == list(range(18))


def test_batches_hold_pairs_or_do_not(tmp_path: Path) -> None:
    both = Pairs(two(tmp_path, 12))
    for paired in (True, False):
        x, c = both.open(batch=10, paired=paired).load(0)
        assert c is not None
        assert bool((x[:, 0, 3, 3] == c[:, 0, 3, 3]).all()) == paired


def test_names_match_without_what_a_side_ends_in() -> None:
    names = ["ab_1", "b_2", "c_3"]
    assert pairs(names, names[::-1]) == [(name, name) for name in names]
    for end in ("x4", "_1f3ff"):
        suffixed = [name + end for name in names]
        assert pairs(names, suffixed) == list(zip(names, suffixed, strict=True))
        assert pairs(suffixed, names) == list(zip(suffixed, names, strict=True))
    photos, labels = [f"{name}_photo" for name in names], [f"{name}_gt_label" for name in names]
    assert pairs(photos, labels) == list(zip(photos, labels, strict=True))
    assert pairs(["horse"], ["zebra"]) == []


def test_side_by_side(tmp_path: Path) -> None:
    for i in range(7):
        both = np.hstack([np.full((6, 5, 3), v, np.uint8) for v in (i, i)])
        both[0, 0], both[0, 5] = 100, 200
        file = io.BytesIO()
        Image.fromarray(both).save(file, "PNG")
        put(tmp_path, f"{'test' if i == 6 else 'train'}/{i}.png", file.getvalue())
    samples = Pairs(tmp_path, pair="side").open(batch=2)
    assert samples.space == ImageSpace(6, 5, 3)
    assert sides(samples) == (list(range(6)), list(range(6)))
    assert sides(samples, held_out=True) == ([6], [6])
    turned = Pairs(tmp_path, pair="side", direction="BtoA", size="12x10").open(batch=2)
    assert turned.space.shape == (3, 12, 10)
    raw = turned.source.read(np.arange(1))
    assert raw[0, 0, 0, 0] > 50  # A's mark, and no pixel of B
    assert (raw[0, :, 8:] == 0).all()


def test_direction_turns_both_sides(tmp_path: Path) -> None:
    root = two(tmp_path, 7)
    for i in range(7):
        put(root, f"A/{i:02d}.png", png(i, 100, channels=1))
    there, back = Pairs(root).open(batch=1), Pairs(root, direction="BtoA").open(batch=1)
    assert (there.require_condition().space.shape[0], there.space.shape[0]) == (1, 3)
    assert (back.require_condition().space, back.space) == (there.space, there.require_condition().space)


def test_a_few_without_partner_are_named_and_left_out(tmp_path: Path) -> None:
    root = two(tmp_path, 20)
    put(root, "A/lonely.png", png(50, 100))
    samples = Pairs(root).open(batch=1)
    assert len(samples) == 17
    assert left_out(samples) == ("A/lonely.png: it has no partner",)
    for i in range(5):
        put(root, f"B/alone{i}.png", png(50, 200))
    with pytest.raises(ValueError, match=r"6 of 46 pictures have no partner.*A/lonely\.png"):
        Pairs(root).open(batch=1)
    unpaired = Pairs(root).open(batch=1, paired=False)
    assert not unpaired.require_condition().matched


def test_no_names_in_common_is_unpaired(tmp_path: Path) -> None:
    for i in range(14):
        put(tmp_path, f"trainA/n{i}.png", png(i, 100))
    for i in range(8):
        put(tmp_path, f"trainB/x{'abcdefgh'[i]}.png", png(i, 200))
    samples = Pairs(tmp_path).open(batch=2, paired=False)
    assert not samples.require_condition().matched
    assert (len(samples.require_condition().source), len(samples.require_condition().held_out)) == (12, 2)
    assert (len(samples), len(samples.held_out)) == (7, 1)
    with pytest.raises(ValueError, match="do not match"):
        Pairs(tmp_path).open(batch=2)


@pytest.mark.parametrize("kept", [True, False])
def test_a_bad_file_takes_its_partner_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """A header that cannot be read is seen at once, a damaged body where it is decoded."""
    if not kept:
        monkeypatch.setattr(files, "KEPT", 0)
    root = two(tmp_path, 40, *JOINED[:2])
    put(root, "testA/0.png", png(60, 100))
    put(root, "testB/0.png", png(60, 200))
    put(root, "trainB/03.png", b"no picture")
    put(root, "trainA/07.png", png(7, 100)[:45])
    samples = Pairs(root).open(batch=4)
    a, b = sides(samples)
    assert a == b
    assert 3 not in a
    assert 7 not in a
    assert len(left_out(samples)) == 2
    x, c = samples.load(0)
    assert c is not None
    assert bool((x[:, 0, 3, 3] == c[:, 0, 3, 3]).all())


def test_odd_sizes_are_left_out_while_they_are_few(tmp_path: Path) -> None:
    root = two(tmp_path, 20)
    put(root, "B/04.png", png(4, 200, 9, 9))
    samples = Pairs(root).open(batch=1)
    a, b = sides(samples)
    assert a == b
    assert 4 not in a
    assert "9x9" in left_out(samples)[0]
    assert len(Pairs(root, size="8").open(batch=1)) == 17
    for i in range(8):
        put(root, f"A/{i:02d}.png", png(i, 100, 9, 9))
    with pytest.raises(ValueError, match="8 of 20 pairs differ in size"):
        Pairs(root).open(batch=1)


def test_targets_may_be_a_whole_number_of_times_as_large(tmp_path: Path) -> None:
    for i in range(7):
        put(tmp_path, f"lr/{i}.png", png(i, 100, 6, 5))
        put(tmp_path, f"sr/{i}x2.png", png(i, 200, 12, 10))
    samples = Pairs(tmp_path, jitter=4).open(batch=2)
    x, c = samples.load(0)
    assert c is not None
    assert (tuple(c.shape), tuple(x.shape)) == ((2, 3, 6, 5), (2, 3, 12, 10))
    with pytest.raises(ValueError, match="a whole number of times"):
        Pairs(tmp_path, direction="BtoA").open(batch=2)


def test_arrays_are_paired_by_index() -> None:
    random = np.random.default_rng(0)
    a = random.integers(256, size=(12, 6, 5, 1), dtype=np.uint8)
    b = np.concatenate([a, a, a], 3)
    samples = Pairs((a, b)).open(batch=4)
    assert samples.require_condition().matched
    x, c = samples.load(0)
    assert c is not None
    assert bool((x[:, :1] == c).all())
    with pytest.raises(ValueError, match="do not match"):
        Pairs((a[:9], b)).open(batch=1)
    maps = Pairs((a // 64, b), labels="A").open(batch=1).require_condition()
    assert maps is not None
    assert maps.space == LabelSpace(6, 5, 4)


def test_one_set_is_told_what_two_are(tmp_path: Path) -> None:
    for i in range(7):
        put(tmp_path, f"{i}.png", png(i, 100))
    assert Pairs(tmp_path).open(batch=1).space == ImageSpace(6, 5, 3)
    for options in ({"direction": "BtoA"}, {"labels": "B"}):
        with pytest.raises(ValueError, match="--pair side"):
            Pairs(tmp_path, **options).open(batch=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"cannot be read.*no two pictures of one width"):
        Pairs(tmp_path, pair="side").open(batch=1)
    with pytest.raises(ValueError, match="no folder or archive"):
        Pairs("digits", pair="side").open(batch=1)
    with pytest.raises(FileNotFoundError):
        Pairs(tmp_path / "nowhere").open(batch=1)


def test_a_domain_without_pictures_to_train_on(tmp_path: Path) -> None:
    put(tmp_path, "trainA/0.png", png(0, 100))
    put(tmp_path, "testB/0.png", png(0, 200))
    with pytest.raises(ValueError, match="no pictures of B to train on"):
        Pairs(tmp_path).open(batch=1)


def test_camvid_and_emoji(shared: Path) -> None:
    streets = Pairs(shared / "camvid_160x120.zip", labels="A").open(batch=2)
    assert streets.require_condition().space == LabelSpace(120, 160, 12)
    assert (len(streets), len(streets.held_out)) == (367, 233)
    emoji = Pairs(shared / "emoji_skin_tone_pairs_72.zip").open(batch=2)
    assert (len(emoji), len(emoji.held_out)) == (110, 22)


def test_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = two(tmp_path / "d", 12)
    put(root, "A/lonely.png", png(50, 100))
    out = tmp_path / "some.png"
    assert data([str(root), "--pair", "auto", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    for words in (
        "images, 6 × 5, 3 (RGB)",
        "10 and 2 held out",
        "A/lonely.png: it has no partner",
    ):
        assert words in said
    with Image.open(out) as picture:
        assert picture.mode == "RGB"
