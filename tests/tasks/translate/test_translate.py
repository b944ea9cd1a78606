"""A trained translation used: pictures of any kind and size, files, folders, films."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tracemalloc
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from ptarmigan import api, cli
from ptarmigan.data.space import Space
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.label.space import LabelSpace
from ptarmigan.tasks.translate.direction import Direction
from ptarmigan.tasks.translate.many import TranslationJob, translate_files
from ptarmigan.tasks.translate.outputs import translations
from ptarmigan.tasks.translate.tiles import Axis, mirrored, tiled
from ptarmigan.tasks.translate.translation import Translation
from ptarmigan.trained import load
from ptarmigan.trained.translator import Translator

RGB = ImageSpace(16, 24, 3)


class Made(Translation):
    """A game of one function, both ways."""

    def __init__(self, make, latent: int = 0, back=None) -> None:
        super().__init__()
        self.generator, self.back_too, self.latent = make, back, latent
        self.anything = nn.Parameter(torch.zeros(1))

    def turns(self):
        return ()

    def translate(self, a: Tensor, z: Tensor) -> Tensor:
        return self.generator(a, z) if self.latent else self.generator(a)

    def back(self, b: Tensor, z: Tensor) -> Tensor | None:
        return None if self.back_too is None else self.back_too(b)


class Net(nn.Module):
    """A random network whose norm makes tiles differ, so that plain tiles have seams."""

    def __init__(self, inputs: int = 3, outputs: int = 3) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, 8, 5, padding=2, padding_mode="reflect"),
            nn.InstanceNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, outputs, 5, padding=2, padding_mode="reflect"),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def same(a: Tensor) -> Tensor:
    return a


def trained(make=same, given: Space = RGB, space: Space | None = None, latent: int = 0, back=None, **options):
    described = {"inputs": given.to_json(), "options": options}
    return Translator(Made(make, latent, back).eval(), space or given, described)


def noise(*shape: int, dtype=np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 17 + y / 31), np.cos(x / 11 - y / 23), np.sin(x * y / 2000)]
    return ((np.stack(waves, 2) + 1) * 127).astype(np.uint8)


SIZES = [(16, 24), (17, 24), (100, 51), (1, 1), (5, 200), (47, 3), (33, 49)]


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_network_that_changes_nothing_gives_the_picture_back(height, width, dtype):
    space = ImageSpace(16, 24, 3, bits=8 if dtype == np.uint8 else 16)
    picture = noise(height, width, 3, dtype=dtype)
    made = trained(given=space).translate(picture)
    assert made.dtype == dtype
    np.testing.assert_array_equal(made, picture)


@pytest.mark.parametrize(("tile", "made"), [(8, 8), (7, 7), (1, 1), (8, 32), (32, 8), (6, 9)])
@pytest.mark.parametrize("side", [1, 5, 8, 9, 40, 41])
def test_tiles_cover_every_pixel_at_its_place(tile, made, side):
    axis = Axis(side, tile, made)
    assert len(axis.places) == axis.starts[-1] + tile
    assert (axis.weights > 0).all()
    inner = axis.weights[made // 2 : -made // 2] if made % 2 == 0 and axis.starts[1:2] == [tile // 2] else []
    np.testing.assert_allclose(inner, 1)
    assert axis.length == max(1, round(side * made / tile + 1e-9))
    assert axis.first + axis.length <= len(axis.weights)
    begin = axis.first * tile // made
    np.testing.assert_array_equal(axis.places[begin : begin + side], np.arange(side))


def test_a_mirror_shows_the_picture_as_numpy_does():
    places = mirrored(np.arange(-7, 12), 4)
    np.testing.assert_array_equal(places, np.pad(np.arange(4), (7, 8), mode="reflect"))


def test_a_picture_of_the_size_of_training_is_one_tile():
    torch.manual_seed(0)
    run, picture = trained(Net()), noise(1, 16, 24, 3)
    plainly = next(translations(run.game, RGB, RGB, [picture]))
    np.testing.assert_array_equal(run.translate(picture), plainly)


def steps_at(picture: np.ndarray, axis: int, places: list[int]) -> float:
    steps = np.abs(np.diff(picture.astype(float), axis=axis)).mean(axis=tuple({0, 1, 2} - {axis}))
    return float(steps[[p - 1 for p in places]].mean() / steps.mean())


def test_there_are_no_seams():
    run = trained(Net())
    picture = smooth(16 * 6, 24 * 5)
    whole = run.translate(picture)
    apart = np.concatenate(
        [
            np.concatenate([run.translate(picture[y : y + 16, x : x + 24]) for x in range(0, 120, 24)], 1)
            for y in range(0, 96, 16)
        ]
    )
    for axis, tile, side in ((0, 16, 96), (1, 24, 120)):
        assert steps_at(apart, axis, [*range(tile, side, tile)]) > 2, "the network would show seams"
        assert steps_at(whole, axis, [*range(tile // 2, side, tile // 2)]) < 1.2


def test_memory_does_not_grow_with_the_height():
    def bands(height: int) -> int:
        picture = np.zeros((height, 64, 3), np.uint8)
        tracemalloc.start()
        for _ in tiled(picture, (16, 16), (16, 16), lambda tile: tile.transpose(2, 0, 1).astype(float)):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert bands(2_000) < 1.5 * bands(200) + 40 * 2_000


def test_one_and_sixty_four_give_the_same():
    run, pictures = trained(Net()), noise(64, 20, 30, 3)
    together = run.translate(pictures)
    np.testing.assert_array_equal(run.translate(pictures[7]), together[7])
    np.testing.assert_array_equal(np.stack(run.translate([*pictures[:3]])), together[:3])


def test_a_network_that_drops_at_random_drops_alike():
    run, picture = trained(lambda a: F.dropout(a, 0.5, training=True)), noise(3, 16, 24, 3)
    picture[2] = picture[0]
    made = run.translate(picture)
    np.testing.assert_array_equal(made[0], made[2])


def test_fitting_translates_once_and_keeps_the_size():
    seen = []

    def watching(a: Tensor) -> Tensor:
        seen.append(a.shape)
        return a

    made = trained(watching).translate(smooth(50, 70), fit=True)
    assert seen == [(1, 3, 16, 24)]
    assert made.shape == (50, 70, 3)
    assert np.abs(made.astype(int) - smooth(50, 70)).mean() < 8


def larger(a: Tensor) -> Tensor:
    return a.repeat_interleave(4, 2).repeat_interleave(4, 3)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_super_resolution_makes_pictures_larger(height, width):
    run = trained(larger, RGB, ImageSpace(64, 96, 3), back=lambda b: b[..., ::4, ::4])
    picture = noise(height, width, 3)
    made = run.translate(picture)
    np.testing.assert_array_equal(made, picture.repeat(4, 0).repeat(4, 1))
    np.testing.assert_array_equal(run.translate(made, direction="BtoA"), picture)
    assert run.translate(picture, fit=True).shape == made.shape


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
@pytest.mark.parametrize("inputs", [1, 2, 3, 4])
def test_channels_are_made_to_fit_and_alpha_is_kept(channels, mode, inputs):
    run = trained(lambda a: a[:, :1].expand(-1, 3, -1, -1), ImageSpace(16, 24, inputs), RGB)
    picture = noise(20, 30, channels)
    made = run.translate(picture)
    kept = channels in (2, 4) and inputs in (1, 3)
    assert made.shape == (20, 30, 4 if kept else 3)
    if kept:
        np.testing.assert_array_equal(made[..., 3], picture[..., -1])
    pillow = Image.fromarray(picture[..., 0] if channels == 1 else picture, mode if channels == 2 else None)
    np.testing.assert_array_equal(np.asarray(run.translate(pillow)), made)


def test_grey_is_the_lightness_that_was_trained_on():
    picture = noise(16, 24, 3)
    made = trained(given=ImageSpace(16, 24, 1)).translate(picture)
    expected = (picture @ np.array([0.299, 0.587, 0.114])).round()[..., None]
    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize(
    "shape", [(20, 30), (20, 30, 3), (2, 20, 30, 3), (2, 20, 30, 1)], ids=lambda s: "x".join(map(str, s))
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_arrays_come_back_as_arrays(shape, dtype):
    channels = shape[-1] if len(shape) > 2 else 1
    picture = noise(*shape, dtype=dtype)
    made = trained(given=ImageSpace(16, 24, channels)).translate(picture)
    assert made.dtype == dtype
    assert made.shape == shape
    np.testing.assert_allclose(made, picture, atol=129 if dtype == np.uint16 else 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.uint8])
def test_tensors_come_back_as_tensors(dtype):
    picture = torch.from_numpy(noise(2, 3, 20, 30))
    picture = picture if dtype == torch.uint8 else (picture.double() / 255).to(dtype)
    for one in (picture, picture[0]):
        made = trained().translate(one)
        assert made.dtype == dtype
        assert torch.equal(made, one)


def test_a_pillow_image_is_turned_upright_once():
    picture = Image.fromarray(smooth(20, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    picture.save(file, "PNG", exif=exif)
    made = trained().translate(Image.open(file))
    assert np.array_equal(np.asarray(made), np.rot90(smooth(20, 30), -1))
    assert np.array_equal(np.asarray(trained().translate(made)), np.asarray(made))


LABELS = LabelSpace(16, 24, 5)


def test_label_maps_go_in_and_come_out_as_numbers():
    numbers = np.random.default_rng(0).integers(0, 5, (40, 31))
    run = trained(same, LABELS)
    np.testing.assert_array_equal(run.translate(numbers), numbers)
    made = run.translate(torch.from_numpy(numbers)[None])
    assert made.dtype == torch.int64
    assert torch.equal(made[0], torch.from_numpy(numbers))
    pillow = Image.fromarray(numbers.astype(np.uint8))
    painted = run.translate(pillow)
    np.testing.assert_array_equal(np.asarray(painted), numbers)
    np.testing.assert_array_equal(np.asarray(painted.convert("RGB")), LABELS.colours[numbers])
    np.testing.assert_array_equal(np.asarray(run.translate(painted)), numbers)
    assert run.translate(numbers.astype(np.uint8), fit=True).max() < 5


def test_seeds_name_translations():
    run = trained(lambda a, z: a * 0 + z[:, :1, None, None], latent=2)
    picture = noise(20, 30, 3)
    one, again, other = (run.translate(picture, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_directions_are_those_of_the_data():
    both = trained(lambda a: -a, back=same)
    picture = noise(20, 30, 3)
    np.testing.assert_array_equal(both.translate(picture), 255 - picture)
    np.testing.assert_array_equal(both.translate(picture, direction="BtoA"), picture)
    turned = trained(lambda a: -a, back=same, direction="BtoA")
    np.testing.assert_array_equal(turned.translate(picture, direction="BtoA"), 255 - picture)
    np.testing.assert_array_equal(turned.translate(picture, direction="AtoB"), picture)


@pytest.mark.parametrize(
    ("run", "image", "direction", "words"),
    [
        (trained(), noise(3, 4, 3), "BtoA", "translates AtoB only: leave --direction out"),
        (trained(), noise(3, 4, 3), "up", "expected AtoB or BtoA"),
        (trained(), noise(3, 4, 5), "", r"shape \(3, 4, 5\) is no picture"),
        (trained(), noise(0, 4, 3), "", "is no picture"),
        (trained(), noise(3, 4, 3) / 255, "", "uint8 from 0 to 255, or uint16, not float64"),
        (trained(), torch.ones(3, 4, 4) * 255, "", "from 0 to 1, and these are not"),
        (trained(), torch.full((3, 4, 4), torch.nan), "", "from 0 to 1, and these are not"),
        (trained(), torch.ones(3, 4, 4).int(), "", "floats from 0 to 1, or uint8, not int32"),
        (trained(), torch.ones(4, 4), "", r"shape \(4, 4\) is no picture"),
        (trained(), "in.jpg", "", "not str; of a file"),
        (trained(given=LABELS), np.full((3, 4), 7), "", "holds class 7, but there are 5 classes"),
        (trained(given=LABELS), noise(3, 4, 3), "", "starts from label maps"),
        (trained(given=LABELS), torch.rand(1, 3, 4), "", "whole numbers of classes, not float32"),
    ],
)
def test_what_cannot_be_translated_is_refused(run, image, direction, words):
    with pytest.raises(ValueError, match=words):
        run.translate(image, direction=direction)


# files


def opened(path: Path | str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def job(run: Translator, **how) -> TranslationJob:
    return TranslationJob(run.direction(), **how)


def test_a_file_keeps_what_it_says_of_itself(tmp_path, capsys):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2019:01:01 00:00:00"
    exif.get_ifd(0x8769)[0xA002] = 32
    exif.get_ifd(0x8825)[1] = "N"
    said = {"exif": exif.tobytes(), "icc_profile": profile, "dpi": (300, 300)}
    Image.fromarray(smooth(24, 32)).save(tmp_path / "a.jpg", quality=95, subsampling=0, **said)
    upright = np.rot90(smooth(24, 32), -1)
    for ending in (".jpg", ".png", ".tif", ".webp"):
        out = tmp_path / f"out{ending}"
        assert translate_files(job(trained()), tmp_path / "a.jpg", out) == 0
        with Image.open(out) as made:
            assert np.abs(np.asarray(made).astype(int) - upright).mean() < 3
            found = made.getexif()
            assert 0x0112 not in found or found[0x0112] == 1
            assert found[0x010F] == "Maker"
            assert found.get_ifd(0x8769)[0x9003] == "2019:01:01 00:00:00"
            assert found.get_ifd(0x8769)[0xA002] == 24, "the width as it is now"
            assert found.get_ifd(0x8825)[1] == "N"
            assert made.info["icc_profile"] == profile
            if ending != ".webp":
                assert tuple(round(float(n)) for n in made.info["dpi"]) == (300, 300)
        again = tmp_path / f"again{ending}"
        translate_files(job(trained()), out, again)
        assert opened(again).shape[:2] == (32, 24), "turned once"
    assert f"translation: {tmp_path / 'out.jpg'}" in capsys.readouterr().out


def test_a_profile_of_grey_is_not_kept_for_colour(tmp_path):
    profile = bytearray(132)
    profile[16:20] = b"GRAY"
    Image.fromarray(noise(16, 24)).save(tmp_path / "a.png", icc_profile=bytes(profile))
    translate_files(job(trained()), tmp_path / "a.png", tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as made:
        assert "icc_profile" not in made.info


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Pictures in two folders, one of them damaged, and something else."""
    folder = tmp_path / "photos"
    (folder / "inner").mkdir(parents=True)
    Image.fromarray(noise(20, 30, 3)).save(folder / "a.JPG")
    Image.fromarray(noise(20, 30, 3)).save(folder / "a.ppm")
    Image.fromarray(noise(20, 30, 3)).save(folder / "a.png")
    Image.fromarray(noise(40, 10, 4)).save(folder / "inner" / "b.webp", lossless=True)
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_a_folder_keeps_names_and_folders(photos, tmp_path):
    assert translate_files(job(trained()), photos, tmp_path / "out") == 0
    out = tmp_path / "out"
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.*")) == [
        "a.JPG",
        "a.png",
        "a.ppm.png",
        "inner/b.webp",
    ]
    assert opened(out / "inner" / "b.webp").shape == (40, 10, 4)
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for file in photos.rglob("*.*"):
            archive.write(file, file.relative_to(photos))
    assert translate_files(job(trained()), tmp_path / "photos.zip", tmp_path / "again") == 0
    for file in out.rglob("*.*"):
        assert (tmp_path / "again" / file.relative_to(out)).read_bytes() == file.read_bytes()


def test_bad_files_are_left_out_named_and_counted(photos, tmp_path, capsys):
    (photos / "inner" / "bad.jpg").write_bytes(b"\xff\xd8 no more")
    bomb = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(bomb, "PNG")
    (photos / "bomb.png").write_bytes(bomb.getvalue())
    assert translate_files(job(trained()), photos, tmp_path / "out") == 2
    said = capsys.readouterr()
    assert "left out inner/bad.jpg: not an image" in said.err
    assert "left out bomb.png: decompression bomb" in said.err
    assert "2 of 6 files were left out" in said.err
    assert f"{tmp_path / 'out'}/ (4)" in said.out
    for file in photos.glob("a.*"):
        file.unlink()
    shutil.rmtree(tmp_path / "out")
    (photos / "inner" / "b.webp").unlink()
    with pytest.raises(ValueError, match="none of 2 can be translated, for example"):
        translate_files(job(trained()), photos, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_several_translations_are_numbered(tmp_path):
    run = trained(lambda a, z: a * 0 + torch.tanh(z[:, :1, None, None]), latent=2)
    Image.fromarray(noise(20, 30, 3)).save(tmp_path / "a.png")
    translate_files(job(run, n=3, seed=5), tmp_path / "a.png", tmp_path / "out.png")
    made = [opened(tmp_path / f"out-{i}.png") for i in range(3)]
    np.testing.assert_array_equal(made[2], run.translate(noise(20, 30, 3), seed=7))
    assert not np.array_equal(made[0], made[1])
    assert not (tmp_path / "out.png").exists()


def test_label_maps_are_written_in_colours_and_read_as_numbers(tmp_path):
    run = trained(lambda a: F.pad(a, (0, 0, 0, 0, 0, 2)), RGB, LABELS)
    Image.fromarray(noise(20, 30, 3)).save(tmp_path / "a.jpg")
    translate_files(job(run), tmp_path / "a.jpg", tmp_path / "out")
    with Image.open(tmp_path / "out" / "a.png") as made:
        assert made.mode == "P"
        numbers = np.asarray(made)
        np.testing.assert_array_equal(np.asarray(made.convert("RGB")), LABELS.colours[numbers])
    with Image.open(tmp_path / "a.jpg") as read:
        colours = np.asarray(read) / 127.5 - 1
    np.testing.assert_array_equal(numbers, np.pad(colours, ((0, 0), (0, 0), (0, 2))).argmax(2))


def test_deep_pictures_stay_deep(tmp_path):
    run = trained(
        lambda a: a.expand(-1, 3, -1, -1), ImageSpace(16, 24, 1, bits=16), ImageSpace(16, 24, 3, bits=16)
    )
    Image.fromarray(noise(20, 30, dtype=np.uint16)).save(tmp_path / "a.png")
    translate_files(job(run), tmp_path / "a.png", tmp_path / "b.png")
    assert (tmp_path / "b.png").read_bytes()[24:26] == bytes([16, 2]), "16 bits of colour"


# films


def test_a_gif_keeps_its_times_and_its_loop(tmp_path):
    frames = [Image.fromarray(np.full((20, 30, 3), 60 * i, np.uint8)) for i in range(4)]
    times = [100, 250, 40, 70]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=times, loop=3)
    translate_files(job(trained(lambda a: -a)), tmp_path / "a.gif", tmp_path / "b.gif")
    with Image.open(tmp_path / "b.gif") as film:
        assert film.n_frames == 4
        assert film.info["loop"] == 3
        for i in range(4):
            film.seek(i)
            assert film.info["duration"] == times[i]
            assert np.abs(np.asarray(film.convert("RGB")).astype(int) - (255 - 60 * i)).max() < 4


@pytest.mark.parametrize("ending", [".gif", ".avi", ".mkv", ".mp4", ".webm"])
def test_a_film_that_is_cut_is_no_shorter_one(tmp_path, ending):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 255, (32, 48, 3), np.uint8) for _ in range(24)]
    if ending == ".gif":
        first, *rest = map(Image.fromarray, frames)
        first.save(tmp_path / "a.gif", save_all=True, append_images=rest)
    else:
        film(tmp_path / f"a{ending}", pictures=frames)
    data = (tmp_path / f"a{ending}").read_bytes()
    (tmp_path / f"cut{ending}").write_bytes(data[: len(data) // 2])
    out = ".gif" if ending == ".gif" else ".mp4"
    with pytest.raises(ValueError, match=r"cut short|no video that can be read"):
        translate_files(job(trained(lambda a: a)), tmp_path / f"cut{ending}", tmp_path / f"b{out}")
    assert not (tmp_path / f"b{out}").exists()
    translate_files(job(trained(lambda a: a)), tmp_path / f"a{ending}", tmp_path / f"b{out}")
    assert (tmp_path / f"b{out}").exists()


def test_a_gif_stays_see_through(tmp_path):
    pixels = noise(20, 30, 4)
    pixels[..., 3] = 255
    pixels[:10, :, 3] = 0
    frames = [Image.fromarray(pixels), Image.fromarray(pixels[:, ::-1].copy())]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=50, disposal=2)
    translate_files(job(trained()), tmp_path / "a.gif", tmp_path / "b.gif")
    with Image.open(tmp_path / "b.gif") as film:
        assert "loop" not in film.info
        for i in range(2):
            film.seek(i)
            alpha = np.asarray(film.convert("RGBA"))[..., 3]
            assert alpha[:10].max() == 0
            assert alpha[10:].min() == 255


def film(
    path: Path, count: int = 6, *, sound: str = "", rotation: int = 0, size=(48, 32), pictures=()
) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264" if path.suffix != ".webm" else "libvpx", rate=7)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        if rotation:
            stream.set_display_rotation(rotation)
        track = out.add_stream(sound, rate=48000) if sound else None
        for i in range(len(pictures) or count):
            pixels = np.full((size[1], size[0], 3), 40 * i % 256, np.uint8)
            pixels[: size[1] // 2, : size[0] // 2] = 255
            pixels = pictures[i] if pictures else pixels
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode())
        if track:
            quiet = av.AudioFrame.from_ndarray(
                np.zeros((1, 960 * 20), np.float32), format="fltp", layout="mono"
            )
            quiet.rate = 48000
            for part in av.AudioResampler(track.format.name, track.layout.name, 48000).resample(quiet):
                out.mux(track.encode(part))
            out.mux(track.encode())


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_a_video_keeps_its_frames_their_times_and_its_sound(tmp_path, ending):
    film(tmp_path / "a.mp4", sound="aac")
    translate_files(job(trained(lambda a: -a)), tmp_path / "a.mp4", tmp_path / f"b{ending}")
    with av.open(str(tmp_path / "a.mp4")) as before, av.open(str(tmp_path / f"b{ending}")) as after:
        assert after.streams.video[0].average_rate == 7
        assert after.streams.audio[0].codec_context.name == "aac"
        old, new = list(before.decode(video=0)), list(after.decode(video=0))
        assert [f.time for f in new] == pytest.approx([f.time for f in old], abs=0.002)
        assert len(new) == 6
        for a, b in zip(old, new, strict=True):
            apart = a.to_ndarray(format="rgb24").astype(int) + b.to_ndarray(format="rgb24") - 255
            assert np.abs(apart).mean() < 8
    with av.open(str(tmp_path / "a.mp4")) as before, av.open(str(tmp_path / f"b{ending}")) as after:
        heard = [sum(p.size for p in f.demux(audio=0)) for f in (before, after)]
        assert heard[0] == heard[1]


def test_a_video_is_turned_upright(tmp_path):
    film(tmp_path / "a.mp4", rotation=90)
    translate_files(job(trained()), tmp_path / "a.mp4", tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as after:
        frame = next(after.decode(video=0))
        assert (frame.width, frame.height, frame.rotation) == (32, 48, 0)
        pixels = frame.to_ndarray(format="rgb24")
        bright = [pixels[:24, :16], pixels[:24, 16:], pixels[24:, :16], pixels[24:, 16:]]
        assert int(np.argmax([part.mean() for part in bright])) == 2, "counter-clockwise, as players do"


def test_sound_that_does_not_fit_is_left_out_and_said(tmp_path, capsys):
    film(tmp_path / "a.mkv", sound="libopus")
    for ending, heard in ((".mp4", 1), (".mov", 0)):
        translate_files(job(trained()), tmp_path / "a.mkv", tmp_path / f"b{ending}")
        with av.open(str(tmp_path / f"b{ending}")) as after:
            assert len(after.streams.audio) == heard
        assert ("left out" in capsys.readouterr().out) == (not heard)


def test_a_folder_with_films(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    film(folder / "a.webm")
    film(folder / "b.mov", 2, size=(16, 16))
    Image.fromarray(noise(20, 30, 3)).save(folder / "c.gif")
    translate_files(job(trained()), folder, tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.mp4", "b.mov", "c.gif"]


def test_films_whose_names_are_no_utf_8(tmp_path):
    (tmp_path / "in").mkdir()
    name = os.fsdecode(b"caf\xe9.mp4")
    film(tmp_path / "in" / "a.mp4")
    (tmp_path / "in" / "a.mp4").rename(tmp_path / "in" / name)
    assert translate_files(job(trained(lambda a: -a)), tmp_path / "in", tmp_path / "out") == 0
    assert [p.name for p in (tmp_path / "out").iterdir()] == [name]


def test_a_video_that_is_none_is_said(tmp_path):
    (tmp_path / "a.mp4").write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n")
    with pytest.raises(ValueError, match="no video that can be read"):
        translate_files(job(trained()), tmp_path / "a.mp4", tmp_path / "b.mp4")
    assert not (tmp_path / "b.mp4").exists()


def test_a_video_without_pyav_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "a.mp4").write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ValueError, match=r"needs PyAV: pip install 'ptarmigan\[video\]'"):
        translate_files(job(trained()), tmp_path / "a.mp4", tmp_path / "b.mp4")


# the command


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shortly trained pix2pix, and a run that translates nothing."""
    root = tmp_path_factory.mktemp("translate")
    quick = {"quiet": True, "report": False, "device": "cpu", "score_every": 0, "sample_every": 0}
    api.train(
        "translate.pix2pix", width=4, steps=2, batch=2, data="digits", pair="gray", out=root / "run", **quick
    )
    api.train("toy.gan", steps=2, width=8, out=root / "ring", **quick)
    return root


@pytest.fixture
def here(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("run", "ring"):
        (tmp_path / name).symlink_to(place / name)
    Image.fromarray(noise(30, 21, 3)).save("a.png")
    return tmp_path


def said(capsys, *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main(["translate", *args])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_the_command_does_what_python_does(here, capsys):
    assert said(capsys, "run", "a.png", "--device", "cpu") == (0, "translation: translated/a.png\n", "")
    made = load("run", device="cpu").translate(opened("a.png"))
    np.testing.assert_array_equal(opened("translated/a.png"), made[..., 0])
    assert made.shape[:2] == (30, 21)
    code, _, err = said(capsys, "run", "a.png")
    assert (code, "translated/a.png is there already" in err) == (2, True)
    (here / "in").mkdir()
    shutil.copy("a.png", "in/a.png")
    (here / "in" / "bad.png").write_text("bad")
    code, out, err = said(capsys, "run", "in", "--out", "many", "--fit")
    assert code == 1
    assert out == "translations: many/ (1)\n"
    assert "1 of 2 files were left out" in err


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("ring a.png", "use 'ptarmigan sample RUN'"),
        ("nowhere a.png", "nowhere is no run"),
        ("run nothing.png", "there is no picture and no folder nothing.png"),
        ("run ring", "holds no pictures"),
        ("run ring/run.json", "is no picture that is read"),
        ("run a.png --direction BtoA", "translates AtoB only"),
        ("run a.png --direction up", "direction"),
        ("run a.png --out a.xyz", "a.xyz: a picture is written to .png"),
        ("run a.png --out a.gif", "only a GIF becomes a GIF"),
        ("run a.png --out a.png", "a.png is there already"),
        ("run folder --out a.png", "this is a file's name"),
        ("run a.png --n 2", "a picture has one translation by this run"),
        ("run a.png --n 0", "--n 0"),
        ("run fake.mp4 --out b.png", "a video becomes a video"),
        ("run fake.jpg", "fake.jpg: not an image"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(here, capsys, command, words):
    (here / "folder").mkdir()
    shutil.copy("a.png", "folder/a.png")
    for name in ("fake.mp4", "fake.jpg"):
        (here / name).write_text("fake")
    before = sorted(here.rglob("*"))
    code, _, err = said(capsys, *command.split())
    assert code == 2
    assert err.startswith("ptarmigan: ")
    assert err.count("\n") == 1
    assert words in err
    assert sorted(here.rglob("*")) == before, "nothing is left behind"


def test_sampling_a_translation_says_what_to_do(here, capsys):
    with pytest.raises(ValueError, match="use 'ptarmigan translate RUN PICTURES'"):
        load("run").sample(4)


def test_the_file_says_what_is_translated(here):
    assert json.loads(Path("run/run.json").read_text())["recipe"] == "translate.pix2pix"
    assert isinstance(load("run").direction(), Direction)
