"""Showers in files: HDF5 in the layouts of CaloGAN and of the CaloChallenge, the same arrays in ``.npz``.

Files may come from anybody: shapes and types are looked at before anything is read, links to other files
are not followed, and an XML of a geometry can define nothing.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from ptarmigan.core.errors import one_line
from ptarmigan.core.memory import check_memory
from ptarmigan.data.npy import npy_header
from ptarmigan.data.numbers import npz_member
from ptarmigan.data.writers import Chunks, Writer
from ptarmigan.media.foreign import DAMAGED, read_bytes, regular
from ptarmigan.media.optional import needs
from ptarmigan.modalities.shower.geometry import Layer

MEV = 1_000.0
ENERGY, LAYER = "energy", re.compile(r"layer_(\d{1,3})")
INCIDENT, SHOWERS = "incident_energies", "showers"
ENDINGS = (".hdf5", ".h5", ".npz")
MOST_LAYERS, MOST_CELLS, MOST_XML = 100, 100_000, 1 << 20
COPIES = 3
FILTERS = (None, "gzip", "lzf")


def h5py_or_error() -> Any:
    """The module h5py.

    Raises:
        ValueError: it is not installed.
    """
    return needs("h5py", extra="shower", why="showers in HDF5 need h5py")


def names_in(path: Path) -> set[str]:
    """The names of the arrays in a file; nothing where it is none of showers', or cannot be read."""
    try:
        if path.suffix == ".npz":
            with zipfile.ZipFile(regular(path)) as archive:
                return {name.removesuffix(".npy") for name in archive.namelist()}
        with h5py_or_error().File(regular(path), "r") as file:
            return set(map(str, file.keys()))
    except (*DAMAGED, ValueError, ImportError):
        return set()


def is_calogan(names: set[str]) -> bool:
    """Whether a file of such arrays has CaloGAN's layout."""
    return ENERGY in names and "layer_0" in names


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of showers in a file, by name, unchecked but for their size and kind.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or holds none.
    """
    wanted = names_in(path)
    wanted = {name for name in wanted if name in (ENERGY, INCIDENT, SHOWERS) or LAYER.fullmatch(name)}
    if not (is_calogan(wanted) or {INCIDENT, SHOWERS} <= wanted):
        regular(path)
        if path.suffix != ".npz":
            h5py_or_error()
        raise ValueError(
            f"{path} holds no showers: expected energy, layer_0, … (CaloGAN) or incident_energies and showers"
        )
    try:
        return from_npz(path, wanted) if path.suffix == ".npz" else from_hdf5(path, wanted)
    except (*DAMAGED, KeyError) as error:
        raise ValueError(f"{path} is damaged ({one_line(error)})") from None


def from_npz(path: Path, wanted: set[str]) -> dict[str, NDArray[Any]]:
    """Arrays of an ``.npz``, which are unpacked as far as memory goes."""
    found = {}
    with zipfile.ZipFile(regular(path)) as archive:
        for name in sorted(wanted):
            with archive.open(f"{name}.npy") as file:
                shape, _, dtype = npy_header(file, name)
            check_array(name, shape, dtype)
            found[name] = npz_member(archive, f"{name}.npy")
    return found


def from_hdf5(path: Path, wanted: set[str]) -> dict[str, NDArray[Any]]:
    """Datasets of an HDF5 file: plain numbers that stand in it."""
    h5py, found = h5py_or_error(), {}
    with h5py.File(regular(path), "r") as file:
        for name in sorted(wanted):
            if not isinstance(file.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"{name} is a link, which is not followed")
            data = file[name]
            if not isinstance(data, h5py.Dataset) or data.is_virtual or data.external:
                raise ValueError(f"{name} is no array that stands in the file")
            if data.compression not in FILTERS:
                raise ValueError(f"{name} is packed by {data.compression}: gzip and lzf are read")
            check_array(name, data.shape, data.dtype)
            found[name] = data[()]
    return found


def check_array(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """See that an array is one of numbers that goes into memory, before it is read.

    Raises:
        ValueError: it is not.
    """
    if dtype.kind not in "fiu" or not 1 <= len(shape) <= 4:
        raise ValueError(f"{name} holds {dtype}{tuple(shape)}, not numbers of showers")
    cells = math.prod(shape[1:])
    if cells > MOST_CELLS:
        raise ValueError(f"{name} has {cells:,} cells a shower: up to {MOST_CELLS:,} are read")
    check_memory(COPIES * max(4, dtype.itemsize) * math.prod(shape), name)


def as_calogan(raw: NDArray[Any], layers: tuple[Layer, ...]) -> Mapping[str, NDArray[np.float32]]:
    """Raw showers as CaloGAN's arrays: the energy in GeV, cells in MeV, and what is beside all cells."""
    found, start = {ENERGY: raw[:, :1].astype(np.float32)}, 1
    for i, layer in enumerate(layers):
        cells = raw[:, start : start + layer.cells] * MEV
        found[f"layer_{i}"] = cells.reshape(-1, *layer.shape).astype(np.float32)
        start += layer.cells
    found["overflow"] = np.zeros((len(raw), len(layers)), np.float32)
    return found


def as_challenge(raw: NDArray[Any]) -> Mapping[str, NDArray[np.float32]]:
    """Raw showers as the CaloChallenge's arrays, all in MeV."""
    return {INCIDENT: (raw[:, :1] * MEV).astype(np.float32), SHOWERS: (raw[:, 1:] * MEV).astype(np.float32)}


def writer(layers: tuple[Layer, ...]) -> Writer:
    """An HDF5 file: in CaloGAN's layout, or in the CaloChallenge's where layers are rings and sectors."""
    polar = any(layer.polar for layer in layers)

    def write(path: Path, batches: Chunks, n: int) -> None:
        with h5py_or_error().File(path, "w") as file:
            start = 0
            for raw in batches:
                arrays = as_challenge(raw) if polar else as_calogan(raw, layers)
                for name, values in arrays.items():
                    if name not in file:
                        file.create_dataset(
                            name, (n, *values.shape[1:]), "f4", chunks=True, compression="gzip"
                        )
                    file[name][start : start + len(raw)] = values
                start += len(raw)

    return Writer(write, "{n:,} showers")


def read_binning(path: Path) -> tuple[Layer, ...]:
    """The layers of the CaloChallenge's XML of a geometry: ``r_edges`` and ``n_bin_alpha`` of every layer.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is none, or has too many cells.
    """
    text = read_bytes(path, MOST_XML)
    if b"<!" in text.replace(b"<!--", b""):
        raise ValueError(f"{path} defines something, which a geometry does not")
    try:
        found = [binned(each) for each in ElementTree.fromstring(text).iter("Layer")]
    except (ElementTree.ParseError, ValueError, KeyError) as error:
        raise ValueError(f"{path} is no geometry of layers ({one_line(error)})") from None
    layers = tuple(layer for layer in found if layer is not None)
    if not 1 <= len(layers) <= MOST_LAYERS:
        raise ValueError(f"{path} has {len(layers)} layers with cells")
    return layers


def binned(element: ElementTree.Element) -> Layer | None:
    """A layer; None of one without cells."""
    edges = tuple(float(word) for word in element.attrib["r_edges"].split(",") if word.strip())
    sectors = int(element.attrib["n_bin_alpha"])
    if sectors == 0 or len(edges) < 2:
        return None
    if sectors < 0 or sectors * len(edges) > MOST_CELLS:
        raise ValueError(f"{sectors} sectors of {len(edges)} rings")
    if any(not math.isfinite(edge) for edge in edges) or list(edges) != sorted(set(edges)):
        raise ValueError("the edges of rings do not rise")
    angles = tuple(np.linspace(0, 2 * math.pi, sectors + 1).tolist())
    return Layer(angles, edges, polar=True)
