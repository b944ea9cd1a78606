"""Weights of pretrained networks: where they are found, and what is refused before it can do harm."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import test_download
import torch
from safetensors.torch import save, save_file
from test_download import Server, server  # noqa: F401
from torch import nn

from ptarmigan.modalities.image.extractors.weights import COUNTER, Published, load, read
from ptarmigan.nets.digest import digest


def make() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


def state(seed: int = 0) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return make().state_dict()


def refused(path: Path, *words: str) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        load(make, path)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 1000
    assert all(word in message for word in (str(path), *words)), message
    return message


class TestFind:
    def test_a_given_path_is_taken_as_it_is(self, tmp_path):
        (tmp_path / "mine.pth").write_bytes(b"anything")
        published = Published("x.pth", "0" * 64, 1)
        assert published.find(tmp_path / "mine.pth", tmp_path) == tmp_path / "mine.pth"
        with pytest.raises(FileNotFoundError, match=r"no file of weights at .*missing.pth"):
            published.find(tmp_path / "missing.pth", tmp_path)
        with pytest.raises(FileNotFoundError, match="no file of weights"):
            published.find(tmp_path)

    def test_what_nobody_serves_has_to_be_put_somewhere(self, tmp_path):
        published = Published("x.safetensors", hashlib.sha256(b"weights").hexdigest(), 7)
        with pytest.raises(FileNotFoundError, match=r"served nowhere.*weights/x.safetensors"):
            published.find(None, tmp_path)
        (tmp_path / "weights").mkdir()
        (tmp_path / "weights" / "x.safetensors").write_bytes(b"weights")
        assert published.find(None, tmp_path) == tmp_path / "weights" / "x.safetensors"

    @pytest.mark.parametrize("content", [b"Weights", b"weight", b""])
    def test_a_file_in_the_cache_that_is_not_the_published_one(self, tmp_path, content):
        published = Published("x.safetensors", hashlib.sha256(b"weights").hexdigest(), 7)
        (tmp_path / "weights").mkdir()
        (tmp_path / "weights" / "x.safetensors").write_bytes(content)
        with pytest.raises(ValueError, match=r"x.safetensors is damaged.*remove it"):
            published.find(None, tmp_path)

    def test_the_environment_names_the_cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PTARMIGAN_CACHE", str(tmp_path))
        with pytest.raises(FileNotFoundError, match=str(tmp_path)):
            Published("x.safetensors", "0" * 64, 1).find()

    @pytest.mark.parametrize("way", ["good", "cut"])
    def test_a_download_into_the_cache(self, server: Server, tmp_path, monkeypatch, way):  # noqa: F811
        data = save(state())
        monkeypatch.setattr(test_download, "DATA", data)
        published = Published(
            "x.safetensors", hashlib.sha256(data).hexdigest(), len(data), (server.url(way),)
        )
        path = published.find(None, tmp_path)
        assert path == tmp_path / "weights" / "x.safetensors"
        asked = len(server.asked)
        assert asked == {"good": 1, "cut": 2}[way]
        assert digest(load(make, path)) == digest(with_state(state()))
        assert published.find(None, tmp_path) == path
        assert len(server.asked) == asked

    def test_a_download_with_another_checksum_is_not_kept(self, server: Server, tmp_path):  # noqa: F811
        size = len(test_download.DATA)
        published = Published("x.pth", "0" * 64, size, (server.url("good"),))
        with pytest.raises(FileNotFoundError, match="sha256 should be 000"):
            published.find(None, tmp_path)
        assert not (tmp_path / "weights" / "x.pth").exists()

    def test_only_the_published_file_has_the_plain_name(self, tmp_path):
        (tmp_path / "a").write_bytes(b"weights")
        (tmp_path / "b").write_bytes(b"Weights")
        published = Published("a", hashlib.sha256(b"weights").hexdigest(), 7)
        assert published.title("net", tmp_path / "a", "0123456789") == "net"
        assert published.title("net", tmp_path / "b", "0123456789") == "net:01234567"


def with_state(values):
    net = make()
    net.load_state_dict(values)
    return net


class TestLoad:
    @pytest.mark.parametrize("kind", ["safetensors", "pth", "pt", "legacy"])
    def test_formats(self, tmp_path, kind):
        path = tmp_path / f"w.{'pth' if kind == 'legacy' else kind}"
        if kind == "safetensors":
            save_file(state(), path)
        else:
            torch.save(state(), path, _use_new_zipfile_serialization=kind != "legacy")
        before = torch.get_rng_state()
        net = load(make, path)
        assert torch.equal(torch.get_rng_state(), before)
        assert not net.training
        assert not any(p.requires_grad for p in net.parameters())
        x = torch.rand(2, 1, 4, 4)
        torch.testing.assert_close(net(x), with_state(state()).eval()(x))

    def test_the_file_may_change_afterwards(self, tmp_path):
        path = tmp_path / "w.safetensors"
        save_file(state(), path)
        net = load(make, path)
        before = digest(net)
        with open(path, "r+b") as file:
            file.seek(-40, 2)
            file.write(bytes(40))
        assert digest(net) == before

    def test_counters_may_be_missing_and_half_precision_is_widened(self, tmp_path):
        values = {k: v.half() for k, v in state().items() if not k.endswith(COUNTER)}
        save_file(values, tmp_path / "w.safetensors")
        net = load(make, tmp_path / "w.safetensors")
        assert {v.dtype for k, v in net.state_dict().items() if not k.endswith(COUNTER)} == {torch.float32}
        assert torch.equal(net[3].weight, values["3.weight"].float())

    def test_the_digest_is_of_weights_and_protocol(self, tmp_path):
        a, b = with_state(state()), with_state(state())
        assert digest(a) == digest(b) != digest(a, "resize", 2)
        assert digest(a, "resize", 2) != digest(a, "resize", 3)
        with torch.no_grad():
            b[3].bias[0] += 1e-6
        assert digest(a) != digest(b)

    def test_what_does_not_fit_is_named(self, tmp_path):
        path = tmp_path / "w.safetensors"
        values = state()
        values["head.weight"] = values.pop("3.weight")
        values["0.weight"] = torch.zeros(2, 1, 5, 5)
        values["1.weight"] = torch.tensor([1, 2])
        values["1.bias"] = torch.tensor([1, float("nan")])
        save_file(values, path)
        refused(
            path,
            "missing: 3.weight",
            "not expected: head.weight",
            "0.weight (2, 1, 5, 5), not (2, 1, 3, 3)",
            "not of plain numbers: 1.weight",
            "not finite: 1.bias",
        )

    def test_many_differences_stay_one_line(self, tmp_path):
        save_file({f"a\n{i}" * 99: torch.zeros(1) for i in range(9)}, tmp_path / "w.safetensors")
        refused(tmp_path / "w.safetensors", "missing: 0.bias, 0.weight, 1.bias and 5 more", "and 6 more")

    def test_tensors_that_are_none(self, tmp_path):
        values = state() | {"3.bias": torch.zeros(3, device="meta")}
        torch.save(values, tmp_path / "meta.pth")
        refused(tmp_path / "meta.pth", "not of plain numbers: 3.bias")
        values["3.bias"] = torch.zeros(3).to_sparse()
        torch.save(values, tmp_path / "sparse.pth")
        refused(tmp_path / "sparse.pth")

    @pytest.mark.parametrize(
        "content", [[torch.zeros(1)], {"state": {"0.bias": torch.zeros(2)}}, 3, {"epoch": 1}]
    )
    def test_what_is_no_state_dict(self, tmp_path, content):
        torch.save(content, tmp_path / "w.pth")
        refused(tmp_path / "w.pth", "no state dict")

    def test_other_kinds_and_sizes_of_files(self, tmp_path):
        (tmp_path / "w.bin").write_bytes(b"x")
        refused(tmp_path / "w.bin", "expected .safetensors, .pth or .pt")
        with open(tmp_path / "large.safetensors", "wb") as file:
            file.truncate(1 << 40)  # a terabyte that takes no room
        refused(tmp_path / "large.safetensors", "1,099,511,627,776 bytes")


class TestSafetensors:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"PK\x03\x04",
            struct.pack("<Q", 1 << 62) + b"{}",
            struct.pack("<Q", 2_000) + b"{}",
            struct.pack("<Q", 2) + b"{}" + bytes(100),
            struct.pack("<Q", 200_000) + b"[" * 200_000,
        ],
        ids=["empty", "other", "endless header", "short", "unclaimed", "nested"],
    )
    def test_foreign_and_damaged_files(self, tmp_path, content):
        (tmp_path / "w.safetensors").write_bytes(content)
        refused(tmp_path / "w.safetensors", "damaged, or no safetensors file")

    def test_truncated(self, tmp_path):
        data = save(state())
        (tmp_path / "w.safetensors").write_bytes(data[:-5])
        refused(tmp_path / "w.safetensors", "damaged")

    def test_a_header_that_lies(self, tmp_path):
        for shape, offsets in (([1 << 40], [0, 1 << 42]), ([4], [0, 8]), ([1 << 62, 1 << 62], [0, 16])):
            header = json.dumps(
                {"0.bias": {"dtype": "F32", "shape": shape, "data_offsets": offsets}}
            ).encode()
            (tmp_path / "w.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
            refused(tmp_path / "w.safetensors", "damaged")


class Evil:
    """An object whose unpickling leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


class TestPickles:
    @pytest.mark.parametrize("zipped", [True, False])
    def test_no_code_runs(self, tmp_path, zipped):
        trace = tmp_path / "it ran"
        torch.save(state() | {"x": Evil(trace)}, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
        refused(tmp_path / "w.pth", "can run code")
        assert not trace.exists()
        torch.load(tmp_path / "w.pth", weights_only=False)  # whoever trusts the file
        assert trace.exists()

    def test_plain_pickles_and_archives_of_them(self, tmp_path):
        trace = tmp_path / "it ran"
        (tmp_path / "w.pt").write_bytes(pickle.dumps(Evil(trace)))
        refused(tmp_path / "w.pt", "can run code")
        with tarfile.open(tmp_path / "tar.pth", "w") as tar:
            for name in ("sys_info", "pickle", "storages", "tensors"):
                data = pickle.dumps(Evil(trace))
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        refused(tmp_path / "tar.pth")
        assert not trace.exists()

    def test_a_module_is_no_state_dict(self, tmp_path):
        torch.save(make(), tmp_path / "w.pth")
        refused(tmp_path / "w.pth", "can run code")

    @pytest.mark.parametrize("keep", [0, 1, 100, -200, -1])
    def test_truncated(self, tmp_path, keep):
        torch.save(state(), tmp_path / "w.pth")
        data = (tmp_path / "w.pth").read_bytes()
        (tmp_path / "w.pth").write_bytes(data[:keep])
        refused(tmp_path / "w.pth", "damaged")

    def test_garbage(self, tmp_path):
        rng = np.random.default_rng(0)
        torch.save(state(), tmp_path / "good.pth", _use_new_zipfile_serialization=False)
        good = (tmp_path / "good.pth").read_bytes()
        for i in range(30):
            content = bytearray(good)
            for place in rng.integers(0, min(400, len(good)), 20):
                content[place] = rng.integers(256)
            (tmp_path / "w.pth").write_bytes(bytes(content) if i % 2 else rng.bytes(300))
            refused(tmp_path / "w.pth")

    def test_a_packed_archive_is_not_unpacked(self, tmp_path):
        torch.save(state(), tmp_path / "w.pth")
        with (
            zipfile.ZipFile(tmp_path / "w.pth") as stored,
            zipfile.ZipFile(tmp_path / "b.pth", "w") as packed,
        ):
            for part in stored.infolist():
                packed.writestr(part.filename, stored.read(part), zipfile.ZIP_DEFLATED)
            packed.writestr("archive/data/99", bytes(100 << 20), zipfile.ZIP_DEFLATED)
        refused(tmp_path / "b.pth", "not unpacked")

    def test_a_storage_that_is_said_to_be_huge(self, tmp_path):
        class Pickler(pickle.Pickler):
            def persistent_id(self, obj):
                if isinstance(obj, Huge):
                    return ("storage", torch.FloatStorage, "0", "cpu", 10**13, None)
                return None

        class Huge:
            pass

        class Claim:
            def __reduce__(self):
                return torch._utils._rebuild_tensor_v2, (Huge(), 0, (10**13,), (1,), False, {})

        with open(tmp_path / "w.pth", "wb") as file:
            for header in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
                pickle.dump(header, file, 2)
            Pickler(file, 2).dump({"0.bias": Claim()})
            pickle.dump(["0"], file, 2)
            file.write(struct.pack("<q", 10**13) + bytes(64))
        refused(tmp_path / "w.pth", "damaged")


def test_read_gives_every_tensor(tmp_path):
    save_file(state(), tmp_path / "w.safetensors")
    found = read(tmp_path / "w.safetensors", 1000)
    assert found.keys() == state().keys()
    assert all(torch.equal(found[k], v) for k, v in state().items())
