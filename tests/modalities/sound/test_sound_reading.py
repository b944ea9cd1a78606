"""Sound files, whoever wrote them: what is read, and what is refused in a line."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli
from scipy.io import wavfile

from ptarmigan.commands.look import described
from ptarmigan.core.errors import UsageError
from ptarmigan.data.left_out import left_out
from ptarmigan.modalities.recognise import recognise
from ptarmigan.modalities.sound.decode import resampled
from ptarmigan.modalities.sound.source import Sounds
from ptarmigan.modalities.sound.wav import samples_of, wav

RATE = 8_000


def tone(hertz: float, n: int = 2_000, rate: int = RATE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(n) / rate)).astype(np.float32)


def folder(place: Path, **names: np.ndarray) -> Path:
    for name, samples in names.items():
        path = place / f"{name.replace('__', '/')}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav(samples, RATE))
    return place


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_wav_files_of_scipy_are_read_and_ours_by_scipy(tmp_path, dtype):
    wave = np.stack([tone(300), tone(500)], 1)
    info = np.iinfo(dtype) if np.issubdtype(dtype, np.integer) else None
    stored = wave if info is None else np.rint(wave * 100 + 128 if dtype == np.uint8 else wave * info.max)
    wavfile.write(tmp_path / "a.wav", 11_025, stored.astype(dtype))
    samples, rate = samples_of((tmp_path / "a.wav").read_bytes())
    assert rate == 11_025
    scale = 100 / 128 if dtype == np.uint8 else 1
    np.testing.assert_allclose(samples, scale * wave, atol=5e-3 if dtype == np.uint8 else 5e-5)
    (tmp_path / "b.wav").write_bytes(wav(np.array([0, 1, -1, 1.5, 0.25], np.float32), RATE))
    assert wavfile.read(tmp_path / "b.wav")[1].tolist() == [0, 32_767, -32_767, 32_767, 8_192]


def test_samples_of_24_bits_and_unknown_chunks_and_streams_are_read():
    numbers = np.array([0, 2**22, -(2**23), 2**23 - 1])
    body = b"".join(int(v).to_bytes(3, "little", signed=True) for v in numbers)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 3 * RATE, 3, 24)
    note = struct.pack("<4sI", b"LIST", 3) + b"abc\0"
    for size in (len(body), 0xFFFFFFFF):
        data = b"RIFF\0\0\0\0WAVE" + note + form + struct.pack("<4sI", b"data", size) + body
        samples, _ = samples_of(data)
        np.testing.assert_allclose(samples[:, 0], numbers / 2**23, atol=1e-7)


def lying(**changed: int) -> bytes:
    said = {"kind": 1, "channels": 1, "rate": RATE, "block": 2, "bits": 16, "size": 200} | changed
    form = struct.pack(
        "<4sIHHIIHH",
        b"fmt ",
        16,
        said["kind"],
        said["channels"],
        said["rate"],
        0,
        said["block"],
        said["bits"],
    )
    return b"RIFF\0\0\0\0WAVE" + form + struct.pack("<4sI", b"data", said["size"]) + bytes(range(200))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"not a sound at all, but a text", "no WAV file"),
        (lying(size=4_000_000_000), "its header promises 4,000,000,000 bytes"),
        (lying(channels=0, block=0), "damaged"),
        (lying(channels=9), "damaged"),
        (lying(rate=0), "0 samples a second"),
        (lying(rate=4_000_000_000), "samples a second"),
        (lying(kind=85), "coding 85"),
        (lying()[:30], "damaged"),
        (wav(np.zeros(0, np.float32), RATE), "holds no samples"),
        (wav(np.full(900, 0.5, np.float32), RATE), "is silent"),
        (wav(np.zeros(900, np.float32), RATE), "is silent"),
    ],
    ids=[
        "empty",
        "text",
        "size",
        "no channels",
        "block",
        "rate",
        "fast",
        "coding",
        "short",
        "none",
        "constant",
        "silence",
    ],
)
def test_bad_files_are_left_out_with_a_reason_and_refused_where_they_are_many(tmp_path, data, words):
    folder(tmp_path, **{f"good{i}": tone(200 + i) for i in range(20)})
    (tmp_path / "bad.wav").write_bytes(data)
    samples = Sounds(str(tmp_path)).open(batch=2)
    assert len(samples) == 20
    (reason,) = left_out(samples)
    assert reason.startswith("bad.wav: ")
    assert words in reason
    for i in range(18):
        (tmp_path / f"good{i}.wav").write_bytes(data)
    with pytest.raises(ValueError, match=r"19 of 21 sounds cannot be read, for example bad.wav: ") as error:
        Sounds(str(tmp_path)).open(batch=2)
    assert "\n" not in str(error.value)


def test_numbers_that_are_not_finite_are_left_out(tmp_path):
    folder(tmp_path, **{f"good{i}": tone(200 + i) for i in range(20)})
    wave = tone(300)
    wave[7] = np.nan
    wavfile.write(tmp_path / "bad.wav", RATE, wave)
    (reason,) = left_out(Sounds(str(tmp_path)).open(batch=2))
    assert "not finite" in reason


def test_rates_and_channels_are_mixed_to_those_of_most(tmp_path):
    folder(tmp_path, a=tone(300), b=tone(300))
    wavfile.write(tmp_path / "c.wav", 16_000, np.stack([tone(300, 4_000, 16_000)] * 2, 1))
    samples = Sounds(str(tmp_path), length=1_024).open(batch=3)
    assert samples.space.rate == RATE
    a, _, c = samples.source.read(np.arange(3))
    assert np.corrcoef(np.abs(np.fft.rfft(a)), np.abs(np.fft.rfft(c)))[0, 1] > 0.9
    assert Sounds(str(tmp_path), rate=4_000).open(batch=1).space.rate == 4_000
    np.testing.assert_allclose(
        resampled(tone(300, 4_000, 16_000), 16_000, RATE)[50:-50], tone(300)[50:-50], atol=1e-2
    )


def test_classes_are_folders_and_splits_are_train_and_test(tmp_path):
    names = {
        f"{split}__{label}__{i}": tone(300 + i)
        for split in ("train", "test")
        for label in "ab"
        for i in range(3)
    }
    samples = Sounds(str(folder(tmp_path, **names))).open(batch=2)
    assert (len(samples), len(samples.held_out), samples.space.classes) == (6, 6, ("a", "b"))
    assert samples.source.labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_names_of_spoken_digits_are_labels_speakers_and_the_official_split(tmp_path):
    names = {
        f"{d}_{who}_{i}": tone(300 + 10 * d + i) for d in (3, 7) for who in ("ann", "bob") for i in range(20)
    }
    with zipfile.ZipFile(tmp_path / "digits.zip", "w") as archive:
        for name, wave in names.items():
            archive.writestr(f"recordings/{name}.wav", wav(wave, RATE))
    samples = Sounds(str(tmp_path / "digits.zip")).open(batch=2)
    assert samples.space.classes == ("3", "7")
    assert (len(samples), len(samples.held_out)) == (72, 8)
    assert set(samples.source.speakers) == {"ann", "bob"}


def test_lists_of_names_say_what_is_trained_on_and_held_out(tmp_path):
    folder(tmp_path, wavs__a=tone(300), wavs__b=tone(400), wavs__c=tone(500))
    (tmp_path / "metadata.csv").write_text("a|Printing.|Printing.\nb|In the only sense.|In the only sense.\n")
    samples = Sounds(str(tmp_path)).open(batch=1)
    assert len(samples) == 2
    assert not samples.space.classes
    (tmp_path / "training.txt").write_text("a|Printing.\nc|And.\n")
    (tmp_path / "validation.txt").write_text("b|In the only sense.\n")
    samples = Sounds(str(tmp_path)).open(batch=1)
    assert (len(samples), len(samples.held_out)) == (2, 1)


def test_a_list_of_kaldi_is_read_and_its_commands_are_not_run(tmp_path):
    folder(tmp_path / "somewhere", a=tone(300), b=tone(400))
    (tmp_path / "wav.scp").write_text("u1 somewhere/a.wav\nu2 somewhere/b.wav\n")
    for data in (tmp_path, tmp_path / "wav.scp"):
        assert recognise(str(data)).modality.name == "sound"
        assert len(Sounds(str(data)).open(batch=1)) == 2
    (tmp_path / "wav.scp").write_text("u1 touch evil |\n")
    with pytest.raises(ValueError, match="commands are not run"):
        Sounds(str(tmp_path)).open(batch=1)
    (tmp_path / "wav.scp").write_text("u1 nowhere.wav\n")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.wav"):
        Sounds(str(tmp_path)).open(batch=1)


def test_long_recordings_are_one_clip_or_many_and_the_same_ones_every_time(tmp_path):
    wave = np.linspace(0.1, 1, 20_000, dtype=np.float32)
    place = str(folder(tmp_path, long=wave, short=tone(300, 700)))
    one = Sounds(place, length=1_000).open(batch=1, seed=3)
    assert len(one) == 2
    many = Sounds(place).open(batch=1, seed=3, segment=1_000)
    assert len(many) == 21
    rows = many.source.read(np.arange(21))
    assert (np.diff(rows[:20, 0]) > 0).all(), "every segment is from its own part"
    np.testing.assert_array_equal(
        rows, Sounds(place).open(batch=1, seed=3, segment=1_000).source.read(np.arange(21))
    )
    others = Sounds(place).open(batch=1, seed=4, segment=1_000).source.read(np.arange(21))
    assert not np.array_equal(rows, others)
    np.testing.assert_array_equal(rows[20, 700:], 0)
    alone = Sounds(str(tmp_path / "long.wav"), length=1_000).open(batch=1)
    assert len(alone) == 20, "one file is cut into many"


def test_loudness_is_that_of_the_loudest_or_as_it_was(tmp_path):
    place = str(folder(tmp_path, a=0.1 * tone(300), b=tone(300)))
    loud = Sounds(place).open(batch=1).source.read(np.arange(2))
    np.testing.assert_allclose(np.abs(loud).max(1), 1, atol=1e-6)
    plain = Sounds(place, loudness="none").open(batch=1).source.read(np.arange(2))
    np.testing.assert_allclose(np.abs(plain).max(1), [0.05, 0.5], atol=1e-3)


def test_arrays_are_taken_with_their_rate():
    raw = np.stack([tone(300), tone(400)])
    samples = Sounds((raw, ["low", "high"]), rate=RATE).open(batch=1)
    assert samples.space.classes == ("high", "low")
    assert len(Sounds([raw[0], raw[1][:900]], rate=RATE).open(batch=1)) == 2
    whole = Sounds((32_767 * raw).astype(np.int16), rate=RATE, loudness="none").open(batch=1)
    np.testing.assert_allclose(whole.source.read(np.arange(2))[:, :2_000], raw, atol=1e-3)
    for data, words in (
        (raw, "give their rate"),
        (np.full((2, 900), np.nan), "not finite"),
        (raw[None], "shape"),
        (7, "not int"),
        ([], "no sounds"),
        ((raw, [1]), "1 labels do not fit"),
    ):
        with pytest.raises(ValueError, match=words):
            Sounds(data, rate=0 if words == "give their rate" else RATE).open(batch=1)


def test_other_formats_are_read_by_the_libraries_of_the_extra(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    av = pytest.importorskip("av")
    wave = np.tile(tone(300, 8_000, 16_000), 2)
    for ending in ("flac", "ogg", "mp3"):
        soundfile.write(tmp_path / f"a.{ending}", wave, 16_000)
    with av.open(str(tmp_path / "a.m4a"), "w") as out:
        stream = out.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.sample_rate = 16_000
        for packet in (*stream.encode(frame), *stream.encode()):
            out.mux(packet)
    assert recognise(str(tmp_path)).modality.name == "sound"
    samples = Sounds(str(tmp_path), length=8_192).open(batch=1)
    assert (len(samples), samples.space.rate) == (4, 16_000)
    for clip in samples.source.read(np.arange(4)):
        spectrum = np.abs(np.fft.rfft(clip))
        assert abs(int(spectrum.argmax()) * 16_000 / 8_192 - 300) < 5
    for ending in ("flac", "ogg", "mp3", "m4a"):
        (tmp_path / f"a.{ending}").write_bytes(os.urandom(4_000))
    with pytest.raises(ValueError, match="4 of 4 sounds cannot be read"):
        Sounds(str(tmp_path)).open(batch=1)


def test_a_user_meets_one_line(cli: Cli, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    cases = (
        (("data", "pipe.wav"), ("pipe",)),
        (("train", "vowels", "--length", "3", "--out", "run"), ("--length 3",)),
    )
    for arguments, words in cases:
        done = cli(*arguments)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert all(word in done.stderr.splitlines()[-1] for word in words), done.stderr
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "broken.wav").write_bytes(lying(size=10**9))
    with pytest.raises(ValueError, match=r"1 of 1 sounds cannot be read.* promises"):
        Sounds(str(tmp_path / "one")).open(batch=1)
    lines = described("vowels", "", {"rate": RATE, "length": 2_048}).lines
    assert any("2,048 samples at 8,000 Hz" in line for line in lines)
    with pytest.raises(UsageError, match="--rate: moons"):
        described("moons", "", {"rate": RATE})
    with pytest.raises(FileNotFoundError, match="there is no data"):
        Sounds(str(tmp_path / "nowhere.wav")).open(batch=1)


def test_a_header_that_says_that_a_sound_is_slow_exhausts_no_memory():
    endless = np.broadcast_to(np.float32(0.5), (1 << 40,))  # takes no memory itself
    with pytest.raises(ValueError, match="a sound of 1,000 Hz at 48,000 Hz"):
        resampled(endless, 1_000, 48_000)
    assert len(resampled(np.zeros(100, np.float32), 1_000, 48_000)) == 4_800
