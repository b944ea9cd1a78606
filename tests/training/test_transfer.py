"""Transfer: what is taken over, what is not and why, and layers that stand still."""

from __future__ import annotations

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from ptarmigan import api, zoo
from ptarmigan.contract.recipes import differences
from ptarmigan.nets.dcgan import DCGANDiscriminator
from ptarmigan.nets.spectral import spectral_norm
from ptarmigan.training.checkpoint import read
from ptarmigan.training.transfer import by_layer, start_from, weights

HOW = dict(data="ring", width=16, batch=32, device="cpu", quiet=True, report=False)
HOW |= dict(score_every=0, sample_every=0)


def final(place) -> dict:
    return read(max(place.glob("state-*.pt")))


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs") / "source"
    api.train("toy.gan", out=place, steps=30, seed=1, **HOW)
    return place


def fresh(**options):
    return zoo.recipe("toy.gan")(data="ring", batch=32, **{"width": 16, **options}).game


def test_a_folder_gives_ema_weights_and_the_discriminator(source):
    game = fresh()
    said = start_from(game, source)
    count = len(dict(weights(game)))
    assert said == f"{count} of {count} weights are those of {source}"
    state = final(source)
    for name, value in weights(game):
        torch.testing.assert_close(value, {**state["game"], **state["ema"]}[name], rtol=0, atol=0)
    assert differences({k: v for k, v in state["game"].items() if k in state["ema"]}, state["ema"]), (
        "not these"
    )


def test_a_file_gives_the_generator_alone(source):
    game, before = fresh(), fresh()
    said = start_from(game, source / "generator.safetensors")
    assert "; not discriminator." in said
    assert "only here" in said
    same = dict(weights(before))
    assert all(torch.equal(v, same[k]) for k, v in weights(game) if k.startswith("discriminator."))


def test_networks_of_other_widths_are_refused_in_a_line(source, tmp_path, cli):
    with pytest.raises(ValueError, match=r"its networks are others \(generator\..*16.* there, 32.* here\)"):
        start_from(fresh(width=32), source)
    done = cli("train", "toy.gan", "--data", "ring", "--width", 32, "--start-from", source, "--out", "new")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(
        f"ptarmigan: --start-from {source}: its networks are others"
    )
    assert not (tmp_path / "new" / "run.json").exists()


def test_what_cannot_be_read_is_refused_in_a_line(source, tmp_path):
    with pytest.raises(ValueError, match="--start-from nowhere"):
        start_from(fresh(), "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no run was trained there"):
        start_from(fresh(), tmp_path / "empty")
    (tmp_path / "bad.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    with pytest.raises(ValueError, match=r"--start-from .*bad\.safetensors"):
        start_from(fresh(), tmp_path / "bad.safetensors")
    spoiled = {
        name: value * float("nan") for name, value in load_file(source / "generator.safetensors").items()
    }
    save_file(spoiled, tmp_path / "nan.safetensors")
    with pytest.raises(ValueError, match=r"the weights generator\..* are not numbers"):
        start_from(fresh(), tmp_path / "nan.safetensors")


def test_frozen_layers_stand_still_and_a_killed_run_goes_on_without_its_source(source, tmp_path, capsys):
    elsewhere = shutil.copytree(source, tmp_path / "elsewhere")
    more = {"start_from": str(elsewhere), "freeze_discriminator": 1, **HOW, "quiet": False}
    api.train("toy.gan", out=tmp_path / "whole", steps=20, save_every=10, keep=9, **more)
    said = capsys.readouterr().err
    assert f"weights are those of {elsewhere}" in said
    assert "the first 1 of the discriminator's 3 layers stay as they are" in said
    before, after = final(source)["game"], final(tmp_path / "whole")["game"]
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    still = {name for name in before if name.startswith("discriminator.")} - moved
    assert still == {"discriminator.hidden.0.0.weight", "discriminator.hidden.0.0.bias"}
    shutil.copytree(tmp_path / "whole", tmp_path / "killed")
    (tmp_path / "killed" / "state-00000020.pt").unlink()
    shutil.rmtree(elsewhere)
    api.train("toy.gan", out=tmp_path / "killed", steps=20, save_every=10, keep=9, **more)
    assert differences(final(tmp_path / "whole"), final(tmp_path / "killed")) == []


def test_more_layers_than_there_are_cannot_be_frozen(source, tmp_path):
    how = dict(out=tmp_path / "run", steps=4, **HOW)
    with pytest.raises(ValueError, match="the discriminator has 3 layers, and the last is always trained"):
        api.train("toy.gan", start_from=str(source), freeze_discriminator=3, **how)
    with pytest.raises(ValueError, match="it needs --start-from"):
        api.train("toy.gan", freeze_discriminator=1, **how)


def test_a_layer_under_spectral_norm_is_its_weight_and_its_own_bias():
    network = spectral_norm(DCGANDiscriminator((1, 16, 16), 4))
    first, second = (list(group) for group in list(by_layer(network))[:2])
    assert {p.shape for p in first} == {network.layers[0].weight.shape, (4,)}
    assert second[0].shape == network.layers[2].weight.shape
    assert sum(len(group) for group in by_layer(network)) == len(list(network.parameters()))
