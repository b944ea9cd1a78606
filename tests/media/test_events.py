"""TensorBoard reads the events that are written without it."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import ptarmigan
from ptarmigan.media.events import EventFile, checksum, varint
from ptarmigan.training.loggers import TensorBoard


def fail(error: OSError) -> None:
    raise error


def found(folder) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0}).Reload()


def test_a_checksum_is_crc_32c():
    """RFC 3720, B.4, masked."""
    for data, expected in ((bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (b"123456789", 0xE3069283)):
        assert checksum(data) == ((expected >> 15 | expected << 17) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("value", "expected"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\1"), (300, b"\xac\2")]
)
def test_whole_numbers_have_seven_bits_a_byte(value, expected):
    assert varint(value) == expected


def test_values_and_pictures_are_read_as_they_were_written(tmp_path):
    logger = TensorBoard(tmp_path, 0, fail)
    values = {"généré": 1.5, "score/Fréchet distance": -3e-7, "none": math.nan}
    picture = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6))
    logger.values(7, values)
    logger.values(1 << 40, {"généré": 2.0})
    logger.picture(7, picture)
    logger.close()
    events = found(tmp_path)
    assert events.Tags()["scalars"] == ["généré", "score/Fréchet distance"]
    assert [(e.step, e.value) for e in events.Scalars("généré")] == [(7, 1.5), (1 << 40, 2.0)]
    assert events.Scalars("score/Fréchet distance")[0].value == pytest.approx(-3e-7)
    (image,) = events.Images("samples")
    assert (image.step, image.height, image.width) == (7, 4, 6)
    with Image.open(io.BytesIO(image.encoded_image_string)) as read:
        np.testing.assert_array_equal(np.asarray(read), np.asarray(picture.convert("RGB")))


def test_what_an_earlier_attempt_wrote_of_later_steps_counts_no_more(tmp_path):
    first = TensorBoard(tmp_path, 0, fail)
    for step in range(1, 6):
        first.values(step, {"loss": step})
    second = TensorBoard(tmp_path, 3, fail)
    second.values(4, {"loss": 40})
    assert [(e.step, e.value) for e in found(tmp_path).Scalars("loss")] == [(1, 1), (2, 2), (3, 3), (4, 40)]
    assert len([*tmp_path.iterdir()]) == 2


def test_a_run_writes_them(tmp_path):
    how = dict(
        data="ring", width=8, steps=4, batch=16, log_every=1, sample_every=2, score_every=0, vitals=False
    )
    ptarmigan.train("toy.gan", out=tmp_path / "r", report=False, quiet=True, **how)
    events = found(tmp_path / "r")
    assert [e.step for e in events.Scalars("generator")] == [1, 2, 3, 4]
    assert [e.step for e in events.Images("samples")] == [2, 4]


def test_an_error_names_the_file(tmp_path):
    with pytest.raises(OSError, match="tfevents"):
        EventFile(tmp_path / "nowhere").begin()
