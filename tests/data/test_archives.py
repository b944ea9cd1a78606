from __future__ import annotations

import io
import json
import struct
import sys
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from PIL import Image
from pyarrow import parquet as pq

from ptarmigan.data import archives
from ptarmigan.data.archives import Tars, Zip, shards
from ptarmigan.data.left_out import left_out
from ptarmigan.data.samples import Samples
from ptarmigan.modalities.image import files
from ptarmigan.modalities.image.source import Images
from ptarmigan.modalities.image.splits import split


def pixels(seed: int, height: int = 4, width: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=np.uint8)


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels(seed)).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(path: Path, contents: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, contents: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def opened(data: object) -> Samples:
    return Images(data).open(batch=1)


def seeds(samples: Samples, held_out: bool = False) -> list[int]:
    """Which pictures a source holds, by their seeds."""
    known = {pixels(seed).tobytes(): seed for seed in range(300)}
    source = samples.held_out if held_out else samples.source
    return [known[image.tobytes()] for image in source.read(np.arange(len(source)))]


def labels(samples: Samples) -> list[str]:
    assert samples.source.labels is not None
    return [samples.source.classes[c] for c in samples.source.labels]


TREE = {
    "set/train/b/1.png": png(1),
    "set/train/a/0.png": png(0),
    "set/test/b/2.png": png(2),
    "set/readme.txt": b"hello",
    "__MACOSX/set/train/b/._1.png": b"junk",
}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_of_splits_and_classes(tmp_path: Path, method: int) -> None:
    samples = opened(zipped(tmp_path / "x.zip", TREE, method))
    assert (seeds(samples), labels(samples), seeds(samples, held_out=True)) == ([0, 1], ["a", "b"], [2])


@pytest.mark.parametrize(
    ("end", "mode"),
    [(".tar", "w"), (".tar.gz", "w:gz"), (".tgz", "w:gz"), (".tar.xz", "w:xz"), (".tar.bz2", "w:bz2")],
)
def test_tar_of_splits_and_classes(tmp_path: Path, end: str, mode: str) -> None:
    samples = opened(tarred(tmp_path / f"x{end}", {f"./{name}": data for name, data in TREE.items()}, mode))
    assert (seeds(samples), labels(samples), seeds(samples, held_out=True)) == ([0, 1], ["a", "b"], [2])


def test_archives_are_read_from_many_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "KEPT", 0)
    contents = {f"{i:03d}.png": png(i) for i in range(40)}
    for path in (
        zipped(tmp_path / "x.zip", contents, zipfile.ZIP_DEFLATED),
        tarred(tmp_path / "x.tar", contents),
    ):
        source = opened(path).source
        with ThreadPoolExecutor(8) as pool:
            read = pool.map(lambda i, s=source: s.read(np.array([i % 40])), range(400))
            for i, image in enumerate(read):
                np.testing.assert_array_equal(image[0], pixels(i % 40))


@pytest.mark.parametrize("name", ["../x.png", "/etc/x.png", "a/../../x.png", "C:\\x.png", "a\\..\\x.png"])
def test_members_that_escape_are_refused_by_name(tmp_path: Path, name: str) -> None:
    contents = {"a.png": png(0), name: png(1)}
    for path in (zipped(tmp_path / "x.zip", contents), tarred(tmp_path / "x.tar", contents)):
        with pytest.raises(ValueError, match="lies outside") as caught:
            opened(path)
        assert name.rsplit("\\", 1)[-1] in str(caught.value)


def test_links_and_devices_in_a_tar_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("l.png", tarfile.SYMTYPE),
            ("h.png", tarfile.LNKTYPE),
            ("d.png", tarfile.CHRTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        member = tarfile.TarInfo("a.png")
        member.size = len(png(3))
        archive.addfile(member, io.BytesIO(png(3)))
    assert seeds(opened(path)) == [3]


class RawName(zipfile.ZipInfo):
    """A member whose name is not marked as UTF-8, as Windows and macOS write it."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.filename.encode("cp437"), self.flag_bits


@pytest.mark.parametrize(
    ("encoding", "classes"),
    [("cp437", ("Bär", "chat")), ("gb2312", ("狗", "猫")), ("utf-8", ("Bär", "猫"))],
)
@pytest.mark.parametrize("slash", ["\\", "/"])
def test_zips_of_windows_keep_their_classes(
    tmp_path: Path, encoding: str, classes: tuple[str, ...], slash: str
) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for i, name in enumerate(classes):
            archive.writestr(RawName(f"{name}{slash}".encode(encoding).decode("cp437")), b"")
            for j in range(3):
                raw = f"{name}{slash}{j}.png".encode(encoding)
                archive.writestr(RawName(raw.decode("cp437")), png(3 * i + j))
    samples = opened(tmp_path / "x.zip")
    assert (samples.source.classes, seeds(samples)) == (classes, [0, 1, 2, 3, 4, 5])
    assert samples.source.labels is not None
    assert samples.source.labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_zip_of_windows_may_not_lead_outside(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(RawName("..\\..\\a.png"), png(0))
    with pytest.raises(ValueError, match="lies outside the archive"):
        opened(tmp_path / "x.zip")


def test_pictures_that_are_not_read_are_named(tmp_path: Path) -> None:
    for i in range(6):
        form, ending = [("PNG", "png"), ("JPEG", "jfif"), ("AVIF", "avif"), ("JPEG2000", "jp2")][i % 4]
        Image.fromarray(pixels(i)).save(tmp_path / f"{i}.{ending}", form)
    (tmp_path / "a.heic").write_bytes(b"whatever")
    (tmp_path / "b.old").write_bytes(png(0))
    (tmp_path / "notes.txt").write_bytes(png(0))
    (tmp_path / "README").write_text("a text")
    samples = opened(tmp_path)
    assert len(samples) == 6
    assert left_out(samples) == (
        "a.heic: a .heic is not read (save it as .png or .jpg)",
        "b.old: a picture by what is in it, but not by its ending (rename it)",
    )


def test_a_folder_of_nothing_that_is_read_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(b"whatever")
    with pytest.raises(ValueError, match=r"holds no images .* 1 files are not read, for example a\.heic"):
        opened(tmp_path)


def test_encrypted_and_oddly_packed_zips_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.png": png(0)})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1  # the flag of the central directory
    (tmp_path / "secret.zip").write_bytes(data)
    with pytest.raises(ValueError, match=r"encrypted \(a\.png\)"):
        opened(tmp_path / "secret.zip")
    with pytest.raises(ValueError, match="pack it again"):
        opened(zipped(tmp_path / "y.zip", {"a.png": png(0)}, zipfile.ZIP_LZMA))


def test_damage_within_a_zip_is_found(tmp_path: Path) -> None:
    contents = {f"{i:02d}.png": png(i) for i in range(20)}
    path = zipped(tmp_path / "x.zip", contents)
    data = bytearray(path.read_bytes())
    at = data.index(contents["07.png"]) + len(contents["07.png"]) - 30
    data[at] ^= 255
    path.write_bytes(data)
    samples = opened(path)
    assert seeds(samples) == [i for i in range(20) if i != 7]
    assert [b.split(":")[0] for b in left_out(samples)] == ["07.png"]
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match="not a readable zip"):
        opened(path)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A member that unpacks to more than any image has is never read, and one that lies is cut off."""
    path = zipped(tmp_path / "x.zip", {"a.png": bytes(300 << 20)}, zipfile.ZIP_DEFLATED)
    with pytest.raises(
        ValueError, match=r"1 of 1 images cannot be read, for example a\.png: larger than 256 MB"
    ):
        opened(path)
    data = path.read_bytes().replace(struct.pack("<I", 300 << 20), struct.pack("<I", 1 << 10))
    path.write_bytes(data)
    with pytest.raises(ValueError, match="damaged"):
        Zip(path).read(0)


@pytest.mark.parametrize(("end", "mode"), [(".tar", "w"), (".tar.gz", "w:gz")])
@pytest.mark.parametrize("share", [0.25, 0.5, 0.6, 0.63])
def test_a_tar_that_is_cut_short(tmp_path: Path, end: str, mode: str, share: float) -> None:
    """Within a member, between two of them, or within a header."""
    path = tarred(tmp_path / f"x{end}", {f"{i:02d}.png": png(i) for i in range(20)}, mode)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ValueError, match=r"damaged|not a whole tar"):
        opened(path)


def test_a_packed_tar_that_grows_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "UNPACKED_MORE", 0)
    with pytest.raises(ValueError, match="far more than images do"):
        opened(tarred(tmp_path / "x.tar.gz", {"a.png": bytes(1 << 20)}, "w:gz"))


def test_stylegan_labels(tmp_path: Path) -> None:
    contents = {f"00000/img{i:08d}.png": png(i) for i in range(3)}
    listed = [[name, c] for name, c in zip(contents, (6, 10, 6), strict=True)]
    path = zipped(tmp_path / "x.zip", contents | {"dataset.json": json.dumps({"labels": listed}).encode()})
    samples = opened(path)
    assert (seeds(samples), labels(samples)) == ([0, 1, 2], ["6", "10", "6"])
    assert samples.space.classes == ("6", "10")
    none = zipped(tmp_path / "y.zip", contents | {"dataset.json": b'{"labels": null}'})
    assert not opened(none).labelled
    short = zipped(
        tmp_path / "z.zip", contents | {"dataset.json": json.dumps({"labels": listed[:2]}).encode()}
    )
    with pytest.raises(ValueError, match=r"img00000002\.png no whole number"):
        opened(short)
    broken = zipped(tmp_path / "w.zip", contents | {"dataset.json": b"{"})
    with pytest.raises(ValueError, match="not JSON"):
        opened(broken)


def test_a_subfolder_only_under_some_is_no_class(tmp_path: Path) -> None:
    assert not opened(zipped(tmp_path / "x.zip", {"a.png": png(0), "more/b.png": png(1)})).labelled


def shard(path: Path, seeds: list[int]) -> Path:
    contents = {}
    for key, seed in enumerate(seeds):  # keys repeat from shard to shard
        contents[f"{key:06d}.seg.png"] = png(seed)
        contents[f"{key:06d}.cls"] = f"{seed % 3}\n".encode()
        contents[f"{key:06d}.json"] = json.dumps({"label": seed % 2}).encode()
    return tarred(path, contents)


def test_webdataset_shards(tmp_path: Path) -> None:
    for number in range(3):
        shard(tmp_path / f"set-{number:06d}.tar", [2 * number, 2 * number + 1])
    for data in (tmp_path, f"{tmp_path}/set-{{000000..000002}}.tar"):
        samples = opened(data)
        assert seeds(samples) == [0, 1, 2, 3, 4, 5]
        assert labels(samples) == ["0", "1", "2", "0", "1", "2"]
    assert labels(opened(tmp_path / "set-000001.tar")) == ["2", "0"]
    with pytest.raises(FileNotFoundError, match=r"set-000003\.tar"):
        opened(f"{tmp_path}/set-{{000000..000003}}.tar")


def test_webdataset_labels_in_json_and_names(tmp_path: Path) -> None:
    path = tarred(
        tmp_path / "x.tar",
        {
            "a.png": png(0),
            "a.json": b'{"label": "cat", "w": 5}',
            "b.png": png(1),
            "b.json": b'{"label": "ant"}',
        },
    )
    assert labels(opened(path)) == ["cat", "ant"]
    path = tarred(tmp_path / "y.tar", {"a.png": png(0), "a.json": b'{"url": "x"}', "b.png": png(1)})
    assert not opened(path).labelled
    path = tarred(tmp_path / "z.tar", {"a.png": png(0), "a.cls": b"1", "b.png": png(1)})
    with pytest.raises(ValueError, match=r"b\.png has no \.cls"):
        opened(path)


def test_shards_of_splits(tmp_path: Path) -> None:
    shard(tmp_path / "train-000.tar", [0, 1])
    shard(tmp_path / "train-001.tar", [2, 3])
    shard(tmp_path / "test-000.tar", [4])
    samples = opened(tmp_path)
    assert (seeds(samples), seeds(samples, held_out=True)) == ([0, 1, 2, 3], [4])


def test_braces(tmp_path: Path) -> None:
    for a in range(2):
        for b in (9, 10):
            (tmp_path / f"{a}-{b:02d}.tar").touch()
    found = shards(f"{tmp_path}/{{0..1}}-{{09..10}}.tar")
    assert [p.name for p in found] == ["0-09.tar", "0-10.tar", "1-09.tar", "1-10.tar"]
    for wrong in ("{a..b}.tar", "{3..1}.tar", "{0..99999999999}.tar"):
        with pytest.raises(ValueError, match=r"range of numbers|files: expected"):
            shards(wrong)


def test_tops_that_are_splits() -> None:
    def tops(*names: str) -> tuple[list[int], list[int]]:
        return split([tuple(f"{name}/x.png".split("/")) for name in names])

    assert tops("train", "val", "test") == ([0], [2])
    assert tops("TRAIN", "Valid") == ([0], [1])
    assert tops("root/train", "root/dev") == ([0], [1])
    assert tops("train", "cat") == ([0, 1], [])
    assert tops("val", "test") == ([0, 1], [])
    assert tops("train-00000-of-00002.parquet", "validation-00000-of-00001.parquet") == ([0], [1])
    assert tops("training.set", "test.set") == ([0, 1], [])


# --- Parquet


def parquet(path: Path, chosen: list[int], form: str = "struct", names: list[str] | None = None) -> Path:
    data = [png(seed) for seed in chosen]
    cells = pyarrow.array([{"bytes": d, "path": None} for d in data]) if form == "struct" else data
    table = pyarrow.table({"id": list(range(len(data))), "image": cells, "label": [s % 3 for s in chosen]})
    if names:
        features = {"info": {"features": {"label": {"_type": "ClassLabel", "names": names}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    pq.write_table(table, path, row_group_size=7)
    return path


@pytest.mark.parametrize("form", ["struct", "binary"])
def test_parquet(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path / "x.parquet", list(range(200)), form)
    for kept in (1 << 30, 0):
        monkeypatch.setattr(files, "KEPT", kept)
        samples = opened(path)
        assert seeds(samples) == list(range(200))
        assert labels(samples) == [str(i % 3) for i in range(200)]


def test_a_folder_of_parquet_files(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    names = ["ant", "bee", "cat"]
    parquet(tmp_path / "data" / "train-00000-of-00002.parquet", [0, 1], names=names)
    parquet(tmp_path / "data" / "train-00001-of-00002.parquet", [2, 3], names=names)
    parquet(tmp_path / "data" / "test-00000-of-00001.parquet", [5], names=names)
    samples = opened(tmp_path)
    assert (seeds(samples), seeds(samples, held_out=True)) == ([0, 1, 2, 3], [5])
    assert labels(samples) == ["ant", "bee", "cat", "ant"]


def test_what_is_wrong_with_a_parquet_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 nonsense PAR1")
    with pytest.raises(ValueError, match="not a readable Parquet"):
        opened(tmp_path / "x.parquet")
    pq.write_table(pyarrow.table({"a": [1], "b": [2.0]}), tmp_path / "y.parquet")
    with pytest.raises(ValueError, match="no column of encoded images: its columns are a, b"):
        opened(tmp_path / "y.parquet")
    good = parquet(tmp_path / "z.parquet", [1])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match=r"needs pyarrow: pip install 'ptarmigan\[parquet\]'"):
        opened(good)


# --- real files


def test_some_of_cifar10(shared: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared / "cifar10_jpeg.zip") as archive:
        names = archive.namelist()
        contents = {name: archive.read(name) for name in names[::300]}
    assert len(contents) == 200
    samples = opened(zipped(tmp_path / "some.zip", contents))
    assert samples.space.shape == (3, 32, 32)
    assert len(samples.space.classes) == 10
    assert len(samples) == sum(name.startswith("train/") for name in contents)
    assert len(samples) + len(samples.held_out) == 200
    assert Tars([tarred(tmp_path / "some.tar", contents)]).names == sorted(contents)
