"""Videos of any form come in as the same frames, and what is none is refused in a line."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ptarmigan.data.left_out import left_out
from ptarmigan.media.video import Track, pyav
from ptarmigan.modalities.recognise import recognise
from ptarmigan.modalities.video.arrays import as_clips
from ptarmigan.modalities.video.clips import Windows
from ptarmigan.modalities.video.source import Videos

RATE = 10


def clip(n: int = 6, side: int = 16, seed: int = 0) -> np.ndarray:
    """A bright square that moves by a pixel a frame over grey."""
    frames = np.full((n, side, side, 3), 60 + 10 * seed, np.uint8)
    for t in range(n):
        frames[t, 4 : 4 + 5, t + seed : t + seed + 5] = (220, 40, 40)
    return frames


def write_film(path: Path, frames: np.ndarray, rate: int = RATE, codec: str = "mpeg4") -> None:
    av = pyav()
    with av.open(str(path), "w") as out:
        if path.suffix == ".webm":
            stream = out.add_stream(codec, rate=rate)
            stream.height, stream.width = frames.shape[1:3]
            for each in frames:
                out.mux(stream.encode(av.VideoFrame.from_ndarray(each, format="rgb24")))
            out.mux(stream.encode())
        else:
            track = Track(out, rate)
            for each in frames:
                track.write(each)
            track.end()


def write_webp(frames: np.ndarray, path: Path, rate: int) -> None:
    pictures = [*map(Image.fromarray, frames)]
    options = {"lossless": True, "exact": True, "duration": 1000 // rate}
    pictures[0].save(path, "WEBP", save_all=True, append_images=pictures[1:], **options)


def write_frames(folder: Path, frames: np.ndarray) -> None:
    folder.mkdir(parents=True)
    for t, each in enumerate(frames):
        Image.fromarray(each).save(folder / f"frame{t + 8}.png")


def strip(path: Path, frames: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate([*frames], 1)).save(path)


def first(data: object, **options: object) -> np.ndarray:
    """The first clip that is read."""
    return Videos(data, **{"length": 4, **options}).open(batch=1).source.read(np.arange(1))[0]


@pytest.mark.parametrize(
    ("ending", "codec", "slack"),
    [(".mp4", "", 12), (".mov", "", 12), (".avi", "", 12), (".webm", "libvpx-vp9", 25)],
)
def test_films_are_read(tmp_path, ending, codec, slack):
    write_film(tmp_path / f"a{ending}", clip(4), codec=codec)
    space = Videos(str(tmp_path), length=4).open(batch=1).space
    assert (space.height, space.width, space.channels, space.rate) == (16, 16, 3, RATE)
    assert np.abs(first(str(tmp_path)).astype(int) - clip(4)).mean() < slack
    assert recognise(str(tmp_path)).modality.name == "video"
    assert recognise(str(tmp_path / f"a{ending}")).modality.name == "video"


def test_what_is_lossless_comes_back_to_the_pixel(tmp_path):
    frames = clip()
    write_webp(frames, tmp_path / "a.webp", RATE)
    write_frames(tmp_path / "b" / "one", frames)
    strip(tmp_path / "c" / "strip.png", frames)
    Image.fromarray(frames[0]).save(
        tmp_path / "d.apng",
        "PNG",
        save_all=True,
        append_images=[*map(Image.fromarray, frames[1:])],
        duration=100,
    )
    np.save(tmp_path / "e.npy", frames[None])
    np.savez_compressed(tmp_path / "f.npz", x=np.moveaxis(frames[None], 4, 2), y=np.array([3]))
    for name in ("a.webp", "b", "c", "d.apng", "e.npy", "f.npz"):
        assert np.array_equal(first(str(tmp_path / name), length=6), frames), name
    assert recognise(str(tmp_path / "e.npy")).modality.name == "video"
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.write(tmp_path / "c" / "strip.png", "strip.png")
    assert np.array_equal(first(str(tmp_path / "z.zip"), length=6), frames)


def test_hdf5_is_read_but_nothing_that_lies_outside_of_it(tmp_path):
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["videos"] = clip()[None]
        file["labels"] = [1]
    assert np.array_equal(first(str(tmp_path / "a.h5"), length=6), clip())
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["videos"] = h5py.ExternalLink(str(tmp_path / "a.h5"), "videos")
    with h5py.File(tmp_path / "c.h5", "w") as file:
        (tmp_path / "secret").write_bytes(bytes(6 * 16 * 16 * 3))
        file.create_dataset("videos", (1, 6, 16, 16, 3), "u1", external=[(str(tmp_path / "secret"), 0, 4608)])
    for name in ("b.h5", "c.h5"):
        with pytest.raises(ValueError, match="holds no data set of videos"):
            first(str(tmp_path / name))


def test_frames_that_an_animation_left_out_because_nothing_moved_are_there_again(tmp_path):
    frames = clip().repeat(2, 0)
    write_webp(frames, tmp_path / "a.webp", RATE)
    with Image.open(tmp_path / "a.webp") as film:
        assert film.n_frames < len(frames)
    assert np.array_equal(first(str(tmp_path / "a.webp"), length=12, rate=RATE), frames)


def test_classes_are_folders_and_train_and_test_a_split(tmp_path):
    for part, count in (("train", 2), ("test", 1)):
        for action in ("run", "wave"):
            for k in range(count):
                strip(tmp_path / part / action / f"{k}.png", clip(seed=k))
    samples = Videos(str(tmp_path), length=4).open(batch=2)
    assert samples.space.classes == ("run", "wave")
    assert samples.source.labels.tolist() == [0, 0, 1, 1]
    assert isinstance(samples.held_out, Windows)
    assert samples.held_out.labels.tolist() == [0, 0, 0, 1, 1, 1]  # three places a recording


def test_a_window_is_a_function_of_seed_epoch_and_recording(tmp_path):
    recordings = [
        clip(40, 48)[:, :8, :8] + np.arange(40, dtype=np.uint8)[:, None, None, None] for _ in range(3)
    ]
    samples = Videos(recordings, length=4, every=2).open(batch=3, seed=1)
    again = Videos(recordings, length=4, every=2).open(batch=3, seed=1)
    drawn = [samples.draw(position).x for position in range(4)]
    assert np.array_equal(drawn[2], again.load(2).x)
    assert len({batch.numpy().tobytes() for batch in drawn}) == 4
    halves = np.concatenate([again.load(1, shard, 3).x for shard in range(3)])
    assert np.array_equal(drawn[1], halves)
    raw = samples.source.read(np.arange(3)).astype(int)
    assert set(np.diff(raw[:, :, 7, 0, 0], axis=1).ravel()) == {2}  # every second frame
    other = Videos(recordings, length=4, every=2).open(batch=3, seed=2)
    assert not np.array_equal(drawn[0], other.load(0).x)
    for each in (samples, again, other):
        each.close()


def test_short_ones_are_refused_repeated_or_reflected():
    recordings = [clip(4), clip(8)]
    with pytest.raises(ValueError, match="a video has 4 frames, and a window 6"):
        first(recordings, length=6)
    held = first(recordings, length=6, short="repeat")
    assert np.array_equal(held, clip(4)[[0, 1, 2, 3, 3, 3]])
    back = first(recordings, length=8, short="reflect")
    assert np.array_equal(back, clip(4)[[0, 1, 2, 3, 2, 1, 0, 1]])


def test_arrays_of_every_layout():
    grey = (np.arange(5 * 7 * 8 * 9) % 251).astype(np.uint8).reshape(7, 5, 8, 9)
    assert as_clips(grey, "x").shape == (7, 5, 8, 9, 1)
    assert np.array_equal(as_clips(grey.swapaxes(0, 1), "x"), as_clips(grey, "x"))  # MovingMNIST's
    assert np.array_equal(as_clips(grey / 255, "x"), as_clips(grey, "x"))
    for bad, words in (
        (grey[0], r"has the shape"),
        (grey.astype(np.int64), "holds int64"),
        (grey / 100, "outside of"),
        (np.zeros((2, 3, 4, 5, 2), np.uint8), "1 channel or 3"),
    ):
        with pytest.raises(ValueError, match=words):
            as_clips(bad, "x")


def many(folder: Path, good: int = 12) -> None:
    folder.mkdir()
    for k in range(good):
        write_webp(clip(seed=k % 3), folder / f"{k:02d}.webp", RATE)


def gif(frames: np.ndarray) -> bytes:
    file = io.BytesIO()
    pictures = [Image.fromarray(each) for each in frames]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=100)
    return file.getvalue()


def test_a_few_bad_files_are_left_out_and_named(tmp_path):
    many(tmp_path / "clips")
    (tmp_path / "clips" / "cut.gif").write_bytes(gif(clip())[:-40])
    samples = Videos(str(tmp_path / "clips"), length=4).open(batch=1)
    assert len(samples) == 12
    assert [each for each in left_out(samples) if "cut.gif: cut short" in each]


def bomb() -> bytes:
    """A GIF of one frame of four billion pixels, in fifty bytes."""
    data = bytearray(gif(clip()))
    data[6:10] = b"\xff\xff\xff\xff"
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("cut.gif", gif(clip())[:-40], "cut short: it has no end"),
        ("still.gif", gif(clip()[:1]), "a still picture: it has one frame"),
        ("bomb.gif", bomb(), "decompression bomb"),
        ("empty.gif", b"", "empty"),
        ("noise.mp4", np.random.default_rng(0).bytes(3000), "no video that can be read"),
        ("short.gif", gif(clip(3)), "too short: 3 frames, and a window has 4"),
    ],
)
def test_bad_files_are_one_line(tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=words) as caught:
        first(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_broken_stream_is_one_line(tmp_path):
    write_film(tmp_path / "a.avi", np.random.default_rng(0).integers(0, 255, (40, 32, 32, 3), np.uint8))
    data = (tmp_path / "a.avi").read_bytes()
    (tmp_path / "a.avi").write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=r"a\.avi: (cut short|damaged|too short)"):
        first(str(tmp_path), length=30)


def test_other_sizes_and_rates_are_refused_unless_one_is_asked_for(tmp_path):
    sizes, rates = tmp_path / "sizes", tmp_path / "rates"
    sizes.mkdir()
    rates.mkdir()
    write_webp(clip(), sizes / "a.webp", RATE)
    write_webp(clip(side=24), sizes / "b.webp", RATE)
    with pytest.raises(ValueError, match=r"videos differ in size: a.webp is 16x16, b.webp is 24x24"):
        first(str(sizes))
    assert first(str(sizes), size="8").shape == (4, 8, 8, 3)
    write_webp(clip(), rates / "a.webp", RATE)
    write_webp(clip(8), rates / "b.webp", 2 * RATE)
    with pytest.raises(ValueError, match=r"differ in frames a second: 10 \(1\), 20 \(1\); choose a --rate"):
        first(str(rates))
    read = Videos(str(rates), length=4, rate=RATE).open(batch=1).source
    assert read.decoded.lengths.tolist() == [6, 4]
    slow = read.read(np.arange(2))[1]
    assert set(np.diff([np.argwhere(frame[..., 0] > 200).min(0)[1] for frame in slow])) <= {1, 2, 3}


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no data"):
        first(str(tmp_path / "nowhere"))
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ValueError, match="holds no videos"):
        first(str(tmp_path))
    with pytest.raises(ValueError, match="--length 1: a clip has 2 frames or more"):
        first("shapes", length=1)
