from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import os
import struct
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from ptarmigan.data.download import fetch
from ptarmigan.modalities.image import named
from ptarmigan.modalities.image.idx import read_idx
from ptarmigan.modalities.image.named import open_named

DATA = np.random.default_rng(0).bytes(300_000)
MD5, SHA256 = hashlib.md5(DATA).hexdigest(), hashlib.sha256(DATA).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves ``DATA`` in good and bad ways; which one is the first part of the path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str | None]] = []
        self.released = threading.Event()

    def url(self, way: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{way}/file.bin"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        way = self.path.split("/")[1]
        wanted = self.headers["Range"]
        first = all(path != self.path for path, _ in self.server.asked)
        self.server.asked.append((self.path, wanted))
        if way == "missing":
            return self.send_error(404)
        if way == "tofile":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            return self.end_headers()
        ranged = way in ("good", "cut", "drip", "stall", "wrongrange")
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if ranged and wanted else 0
        if way == "wrongrange" and wanted:
            start = 0
        body = bytes(len(DATA)) if way == "corrupt" else DATA
        self.send_response(206 if ranged and wanted else 200)
        if ranged and wanted:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if way == "short":
            body = body[:1000]
        if way == "endless":
            self.end_headers()
            body = body * 20
        else:
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
        if (way in ("cut", "cutplain") and first) or way == "alwayscut":
            return self.send(body[start : len(body) // 2])
        if way == "drip":  # never more than a fifth at once
            return self.send(body[start : start + len(body) // 5])
        if way == "stall":
            self.send(body[start : start + 1000])
            self.server.released.wait(20)
            return None
        return self.send(body[start:])

    def send(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except ConnectionError:  # the client has had enough
            pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()


def get(server: Server, path: Path, *ways: str, checksum: str = MD5, timeout: float = 10.0) -> bytes:
    urls = [server.url(way) for way in ways]
    return fetch(urls, path, checksum, len(DATA), timeout=timeout).read_bytes()


def left(path: Path) -> set[str]:
    return {file.name for file in path.parent.iterdir()} - {path.name + ".lock"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "file.bin"


@pytest.mark.parametrize("checksum", [MD5, SHA256, MD5.upper()])
def test_a_file_arrives_and_is_not_fetched_twice(server: Server, path: Path, checksum: str) -> None:
    assert get(server, path, "good", checksum=checksum) == DATA
    assert get(server, path, "good", checksum=checksum) == DATA
    assert len(server.asked) == 1
    assert left(path) == {"file.bin"}


def test_a_transfer_that_breaks_off_is_resumed_where_it_stopped(server: Server, path: Path) -> None:
    assert get(server, path, "cut") == DATA
    assert server.asked == [("/cut/file.bin", None), ("/cut/file.bin", f"bytes={len(DATA) // 2}-")]


def test_a_transfer_in_many_pieces(server: Server, path: Path) -> None:
    assert get(server, path, "drip") == DATA
    assert len(server.asked) == 5


def test_a_server_that_cannot_resume_is_asked_for_the_whole_again(server: Server, path: Path) -> None:
    assert get(server, path, "cutplain") == DATA
    assert len(server.asked) == 2


def test_what_an_earlier_process_left_is_resumed(server: Server, path: Path) -> None:
    path.parent.mkdir()
    path.with_name("file.bin.part").write_bytes(DATA[:123_456])
    assert get(server, path, "good") == DATA
    assert server.asked == [("/good/file.bin", "bytes=123456-")]


def test_a_complete_part_needs_no_network(server: Server, path: Path) -> None:
    path.parent.mkdir()
    path.with_name("file.bin.part").write_bytes(DATA)
    assert get(server, path, "missing") == DATA
    assert server.asked == []


@pytest.mark.parametrize("rubbish", [b"x" * 1000, DATA + b"more"])
def test_a_wrong_part_does_not_spoil_the_download(server: Server, path: Path, rubbish: bytes) -> None:
    path.parent.mkdir()
    path.with_name("file.bin.part").write_bytes(rubbish)
    assert get(server, path, "good") == DATA
    assert left(path) == {"file.bin"}


@pytest.mark.parametrize("bad", ["missing", "corrupt", "short", "endless", "tofile", "alwayscut"])
def test_the_next_mirror_is_asked_when_one_is_bad(server: Server, path: Path, bad: str) -> None:
    assert get(server, path, bad, "good") == DATA


def test_a_mirror_that_stalls_is_given_up_and_its_bytes_are_kept(server: Server, path: Path) -> None:
    assert get(server, path, "stall", "good", timeout=0.3) == DATA
    assert server.asked[-1] == ("/good/file.bin", "bytes=1000-")


def test_a_server_that_answers_with_another_part_is_not_believed(server: Server, path: Path) -> None:
    path.parent.mkdir()
    path.with_name("file.bin.part").write_bytes(DATA[:1000])
    with pytest.raises(FileNotFoundError, match="wrong part"):
        get(server, path, "wrongrange")


def test_a_wrong_checksum_is_named_and_nothing_is_kept(server: Server, path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        get(server, path, "corrupt")
    found = hashlib.md5(bytes(len(DATA))).hexdigest()
    message = str(caught.value)
    assert all(part in message for part in (server.url("corrupt"), MD5, found))
    assert "\n" not in message
    assert left(path) == set()


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("missing", "HTTP 404"),
        ("stall", "no answer for 0.3 s"),
        ("alwayscut", f"broke off after {len(DATA) // 2} of {len(DATA)} bytes"),
        ("short", "offers 1000 bytes"),
    ],
)
def test_failing_says_where_why_and_what_to_do(server: Server, path: Path, way: str, reason: str) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        get(server, path, way, timeout=0.3)
    message = str(caught.value)
    assert all(part in message for part in (server.url(way), reason, str(path)))
    assert "\n" not in message
    assert not path.exists()


def test_a_server_that_is_not_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as closed:
        port = closed.server_address[1]
    with pytest.raises(FileNotFoundError, match=r"refused.*put it at"):
        fetch([f"http://127.0.0.1:{port}/x"], path, MD5, 1, timeout=1)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://example.org/x", "/etc/hostname"])
def test_only_http_is_spoken(path: Path, url: str) -> None:
    with pytest.raises(ValueError, match="not an http"):
        fetch([url], path, MD5, 1)


def test_a_checksum_is_required(path: Path) -> None:
    with pytest.raises(ValueError, match="neither an md5"):
        fetch(["http://localhost/x"], path, "", 1)


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="PTARMIGAN_CACHE"):
        fetch(["http://localhost/x"], tmp_path / "file" / "x", MD5, 1)


def test_several_processes_fetch_once(server: Server, path: Path) -> None:
    threads = [threading.Thread(target=get, args=(server, path, "good")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() == DATA
    assert len(server.asked) == 1


# idx


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 5), (2, 3, 5, 3)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_round_trip(tmp_path: Path, shape: tuple[int, ...], pack: type) -> None:
    array = np.random.default_rng(1).integers(256, size=shape, dtype=np.uint8)
    (tmp_path / "x").write_bytes(pack(idx(array)))
    read = read_idx(tmp_path / "x")
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)


HEAD = struct.pack(">HBBII", 0, 8, 2, 10, 10)
LIE = struct.pack(">HBBIII", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x89PNG\r\n", "not an idx"),
        (b"\0", "not an idx"),
        (struct.pack(">HBB", 0, 8, 0), "not an idx"),
        (struct.pack(">HBB", 0, 8, 200), "not an idx"),
        (struct.pack(">HBBII", 0, 0x0D, 2, 1, 1) + bytes(4), "0x0d"),
        (HEAD[:9], "within its header"),
        (struct.pack(">HBBI", 0, 8, 1, 0), "nothing"),
        (HEAD + bytes(101), "goes on after"),
        (LIE + bytes(100), "more than the file can hold"),
    ],
)
def test_bad_idx_files_are_refused(tmp_path: Path, content: bytes, reason: str, pack: type) -> None:
    (tmp_path / "x").write_bytes(pack(content))
    with pytest.raises(ValueError, match=reason):
        read_idx(tmp_path / "x")


def test_truncated_idx_files_are_refused(tmp_path: Path) -> None:
    whole = HEAD + np.random.default_rng(2).bytes(100)
    (tmp_path / "plain").write_bytes(whole[:-1])
    (tmp_path / "short").write_bytes(gzip.compress(whole[:-1]))
    (tmp_path / "cut").write_bytes(gzip.compress(whole)[:-20])
    damaged = bytearray(gzip.compress(whole))
    damaged[60] ^= 0xFF
    (tmp_path / "damaged").write_bytes(damaged)
    for name in ("plain", "short", "cut", "damaged"):
        with pytest.raises(ValueError, match=r"more than the file can hold|ends before|damaged"):
            read_idx(tmp_path / name)


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(HEAD + bytes(50_000_000))
    (tmp_path / "bomb").write_bytes(bomb)
    with pytest.raises(ValueError, match="goes on after"):
        read_idx(tmp_path / "bomb")


def test_a_missing_idx_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "none")


# named sets


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No data on this machine, and no network."""
    monkeypatch.delenv("PTARMIGAN_DATA", raising=False)
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(named, "fetch", offline)
    return tmp_path


def offline(urls: list[str], path: Path, checksum: str, size: int) -> Path:
    raise FileNotFoundError(f"{urls[0]} is out of reach: put it at {path}")


def write_set(folder: Path, suffix: str = ".gz", shade: int = 0, classes: int = 10) -> None:
    folder.mkdir(parents=True)
    for part, n in (("train", 20), ("t10k", 10)):
        images = np.full((n, 6, 5), shade, np.uint8)
        labels = (np.arange(n) % classes).astype(np.uint8)
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            pack = gzip.compress if suffix else bytes
            (folder / (name + suffix)).write_bytes(pack(idx(array)))


@pytest.mark.parametrize("suffix", [".gz", ""])
@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("mnist", "mnist"),
        ("mnist", "MNIST/raw"),
        ("fashion-mnist", "fashion_mnist"),
        ("fashion-mnist", "FashionMNIST/raw"),
        ("kmnist", "KMNIST/raw"),
    ],
)
def test_sets_are_found_where_people_keep_them(alone: Path, name: str, folder: str, suffix: str) -> None:
    write_set(alone / "data" / folder, suffix)
    source, space, held_out = open_named(name, alone / "data")
    assert (len(source), space.height, space.width, space.channels) == (20, 6, 5, 1)
    assert held_out is not None
    assert len(held_out) == 10
    assert len(space.classes) == len(source.classes) == 10
    assert source.read(np.array([3])).shape == (1, 6, 5, 1)
    # the folder of the set itself is as good
    assert len(open_named(name, alone / "data" / folder)[0]) == 20


def test_sets_with_equal_file_names_are_not_confused(alone: Path) -> None:
    write_set(alone / "fashion_mnist")
    with pytest.raises(FileNotFoundError, match="out of reach"):
        open_named("mnist", alone / "fashion_mnist")
    with pytest.raises(FileNotFoundError, match="out of reach"):
        open_named("kmnist", alone)


def test_the_order_of_places(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for shade, place in enumerate(("given", "env", "cache")):
        write_set(alone / place / "mnist", shade=shade)
    monkeypatch.setenv("PTARMIGAN_DATA", str(alone / "env"))

    def shade(data_dir: Path | None = None) -> int:
        return int(open_named("mnist", data_dir)[0].read(np.array([0])).max())

    assert shade(alone / "given") == 0
    assert shade() == 1
    monkeypatch.delenv("PTARMIGAN_DATA")
    assert shade() == 2


def test_a_data_dir_that_is_not_there(alone: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere.*--data-dir"):
        open_named("mnist", alone / "nowhere")


def test_without_a_network_the_error_says_which_files_go_where(alone: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        open_named("kmnist")
    message = str(caught.value)
    wanted = ("codh.rois.ac.jp", "kmnist/", "t10k-labels-idx1-ubyte.gz", "$PTARMIGAN_DATA", "--data-dir")
    assert all(part in message for part in wanted)
    assert "\n" not in message


def test_an_unknown_name(alone: Path) -> None:
    with pytest.raises(ValueError, match="digits, mnist"):
        open_named("imagenet")


def test_labels_and_images_must_match(alone: Path) -> None:
    write_set(alone / "mnist", "", classes=11)
    with pytest.raises(ValueError, match="label is 10"):
        open_named("mnist", alone)
    (alone / "mnist" / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(19, np.uint8)))
    with pytest.raises(ValueError, match="one label for each"):
        open_named("mnist", alone)
    (alone / "mnist" / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((20, 4), np.uint8)))
    with pytest.raises(ValueError, match="not images"):
        open_named("mnist", alone)


def test_a_set_is_downloaded_into_the_cache(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PTARMIGAN_DATA", raising=False)
    monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path / "cache"))
    published = named._Set(
        (server.url("good").removesuffix("file.bin"),),
        (named._File("file.bin", MD5, len(DATA)),),
        (),
        ("set",),
    )
    monkeypatch.setitem(named.SETS, "set", published)
    assert named._files("set", None) == [tmp_path / "cache" / "set" / "file.bin"]
    assert named._files("set", None)[0].read_bytes() == DATA
    assert len(server.asked) == 1


def test_digits_hold_out_a_fixed_fifth() -> None:
    (source, space, held_out), (again, _, _) = open_named("digits"), open_named("digits")
    assert held_out is not None
    assert len(source) + len(held_out) == 1797
    assert abs(len(held_out) / 1797 - 0.2) < 0.001
    raw, other = (part.read(np.arange(len(part))) for part in (source, held_out))
    assert raw.shape[1:] == (8, 8, 1)
    assert (raw.min(), raw.max(), raw.dtype) == (0, 255, np.uint8)
    np.testing.assert_array_equal(raw, again.read(np.arange(len(again))))
    assert set(np.bincount(np.r_[source.labels, held_out.labels])) == {174, 177, 178, 179, 180, 181, 182, 183}
    assert np.bincount(held_out.labels).min() > 20
    assert len({x.tobytes() for x in raw} & {x.tobytes() for x in other}) <= 2
    assert space.classes == tuple("0123456789")


def cifar(path: Path, parts: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, data in parts.items():
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


PARTS = ("data_batch_2.bin", "test_batch.bin", *(f"data_batch_{i}.bin" for i in (1, 3, 4, 5)), "readme.html")


def test_cifar_is_read_from_its_archive(alone: Path) -> None:
    rng = np.random.default_rng(3)
    rows = {name: rng.integers(256, size=(4, 3073), dtype=np.uint8) for name in PARTS}
    for part in rows.values():
        part[:, 0] %= 10
    cifar(alone / "cifar-10-binary.tar.gz", {name: part.tobytes() for name, part in rows.items()})
    source, space, held_out = open_named("cifar10", alone)
    assert (len(source), space.shape, len(space.classes)) == (20, (3, 32, 32), 10)
    first = rows["data_batch_1.bin"][2]
    pixels = source.read(np.array([2]))[0]
    assert source.labels is not None
    assert source.labels[2] == first[0]
    # red, green, blue planes, each row by row
    assert pixels[5, 7, 1] == first[1 + 1024 + 5 * 32 + 7]
    assert held_out is not None
    assert held_out.read(np.array([3]))[0, 31, 31, 2] == rows["test_batch.bin"][3, -1]


def test_bad_cifar_archives(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = alone / "cifar-10-binary.tar.gz"
    good = {name: bytes(3073) for name in PARTS}
    for parts, reason in (
        ({"data_batch_1.bin": bytes(3073)}, "holds no data_batch_2.bin"),
        (good | {"test_batch.bin": bytes(3000)}, "rows of 3073"),
        (good | {"test_batch.bin": b""}, "rows of 3073"),
    ):
        cifar(path, parts)
        with pytest.raises(ValueError, match=reason):
            open_named("cifar10", alone)
    cifar(path, good)
    open_named("cifar10", alone)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ValueError, match="damaged"):
        open_named("cifar10", alone)
    path.write_bytes(b"no archive")
    with pytest.raises(ValueError, match="damaged"):
        open_named("cifar10", alone)
    monkeypatch.setattr(named, "CIFAR_MOST", 1 << 20)
    cifar(path, {"bomb": bytes(2 << 20)} | good)
    with pytest.raises(ValueError, match="far more"):
        open_named("cifar10", alone)


def shared() -> Path:
    return Path(os.environ.get("PTARMIGAN_DATA") or ROOT.parent / "shared" / "data")


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_real_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shared() / named.SETS[name].folders[0]
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    monkeypatch.setattr(named, "fetch", offline)
    source, space, held_out = open_named(name, shared())
    assert held_out is not None
    assert (len(source), len(held_out), space.shape) == (60_000, 10_000, (1, 28, 28))
    assert source.labels is not None
    assert np.bincount(source.labels).min() > 5000
    for file in named.SETS[name].files:
        if name == "fashion-mnist":  # mnist was packed anew
            data = (folder / file.name).read_bytes()
            assert (hashlib.md5(data).hexdigest(), len(data)) == (file.md5, file.size)
