"""Shapes are what their labels say, and clips are written as they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from ptarmigan.modalities.video.nets import (
    VideoDiscriminator,
    as_clips,
    chosen_frames,
    frames_apart,
)
from ptarmigan.modalities.video.presentation import slice_through_time
from ptarmigan.modalities.video.shapes import COLOURS, LABELS, SETS, TRAINED, labels_of, shape, truths
from ptarmigan.modalities.video.source import Videos
from ptarmigan.modalities.video.space import VideoSpace
from ptarmigan.modalities.video.truth import colour_distance, motion_energy, read_labels, speeds
from ptarmigan.zoo.video.vgan import VGANGenerator

SPACE = VideoSpace(16, 32, 32, 3, 12.0)


def test_shapes_are_what_their_labels_say():
    facts, clips = truths(120, "test"), np.stack([shape("test", i) for i in range(120)])
    for what in LABELS:
        right = read_labels(clips, what) == labels_of(120, "test", what)
        assert right.mean() > (0.94 if what == "path" else 0.99), what
    true = np.array([truth.speed for truth in facts])
    assert np.abs(speeds(clips) - true).mean() < 0.06
    for clip, truth in zip(clips, facts, strict=True):
        assert (clip[clip.max(-1) > 0] == COLOURS[truth.colour]).all()


def test_what_is_read_off_the_pixels_of_nothing_and_of_what_stands_still():
    moving = np.stack([shape("test", i) for i in range(4)])
    frozen = moving[:, :1].repeat(16, 1)
    assert (read_labels(np.zeros_like(moving), "path") == -1).all()
    assert speeds(frozen).max() == 0
    assert colour_distance(frozen).max() == 0
    assert colour_distance(moving).min() >= 0
    assert max(x.max() for x in motion_energy(frozen)) == 0
    assert min(x.min() for x in motion_energy(moving)) > 0


def test_sets_have_all_their_classes_and_are_held_apart():
    for name, what in SETS.items():
        labels = labels_of(200, "train", what)
        assert set(labels.tolist()) == set(range(len(Videos(name).open(batch=1).space.classes)))
    samples = Videos().open(batch=1)
    assert len(samples) == TRAINED
    assert not np.array_equal(samples.held_out.read(np.arange(4)), samples.source.read(np.arange(4)))
    assert Videos("shapes", size="64x48").open(batch=1).source.read(np.arange(1)).shape == (1, 16, 64, 48, 3)


def test_an_embedding_tells_frozen_clips():
    clips = np.stack([shape("test", i) for i in range(4)])
    moving, frozen = (SPACE.embed(SPACE.encode(x)) for x in (clips, clips[:, :1].repeat(16, 1)))
    assert moving.shape == (4, 4 * 8 * 8 * 3 + 8 * 8 * 3)
    assert (frozen[:, -192:] == 0).all()
    assert (moving[:, -192:].max(1) > 0.1).all()


def test_a_slice_through_time_is_stripes_where_nothing_moves():
    still = shape("test", 0)[:1].repeat(16, 0)
    assert (slice_through_time(still, 16) == slice_through_time(still, 16)[0]).all()
    assert not (slice_through_time(shape("test", 0), 16) == slice_through_time(shape("test", 0), 16)[0]).all()


def test_clips_are_written_as_files_that_move(tmp_path):
    clips = np.stack([shape("test", i) for i in range(5)])
    for ending in (".gif", ".npy", ".png", ".mp4"):
        SPACE.writers()[ending].write(tmp_path / f"a{ending}", iter([clips[:2], clips[2:]]), 5)
    assert np.array_equal(np.load(tmp_path / "a.npy"), clips)
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 16
    SPACE.writers()[""].write(tmp_path / "folder", iter([clips[:2], clips[2:]]), 5)
    read = Videos(str(tmp_path / "folder")).open(batch=1)
    assert np.array_equal(read.source.read(np.arange(5)), clips)
    wide = np.stack([shape("test", 0, 12, 20)[:1].repeat(16, 0)])  # frozen, and not square
    VideoSpace(16, 12, 20, 3, 12.0).save(wide, tmp_path / "wide")
    assert np.array_equal(Videos(str(tmp_path / "wide")).open(batch=1).source.read(np.arange(1)), wide)
    assert SPACE.html(clips[:1]).startswith('<img alt="one of videos of 16 frames of 32×32×3')


def test_a_space_says_what_does_not_fit():
    other = VideoSpace(8, 32, 32, 3, 12.0)
    assert "give a --length and a --size" in SPACE.same_form(other)
    assert SPACE.same_form(VideoSpace(16, 32, 32, 3, 25.0)) == ""
    with pytest.raises(ValueError, match="these are of shape"):
        SPACE.check(np.zeros((1, 8, 32, 32, 3), np.uint8))


@pytest.mark.parametrize("shape", [(3, 16, 32, 32), (1, 5, 17, 9), (3, 32, 64, 64), (1, 2, 8, 8)])
def test_networks_have_the_shape_of_any_clips(shape):
    generator = VGANGenerator(4, shape, 2)
    discriminator = VideoDiscriminator(shape, 2, hidden=3)
    x = generator(torch.randn(2, 4))
    assert x.shape == (2, *shape)
    assert discriminator(x).shape == (2,)
    assert discriminator.features(x).shape == (2, discriminator.feature_size)


def test_a_background_stands_still_where_there_is_no_foreground():
    generator = VGANGenerator(4, (3, 8, 16, 16), 2).eval()
    with torch.no_grad():
        generator.foreground[-1].bias[-1] = -100.0
        x = generator(torch.randn(2, 4))
    assert torch.equal(x, x[:, :, :1].expand_as(x))


def test_frames_of_clips():
    x = torch.randn(3, 2, 5, 4, 4)
    assert torch.equal(as_clips(frames_apart(x), 5), x)
    found = chosen_frames(x, torch.tensor([0.0, 0.5, 0.99]))
    assert torch.equal(found, torch.stack([x[0, :, 0], x[1, :, 2], x[2, :, 4]]))
