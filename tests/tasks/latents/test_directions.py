"""Directions of latents: what they find, how they are kept, and what they change."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from latent_runs import of
from PIL import Image
from safetensors.torch import save_file

from ptarmigan import cli
from ptarmigan.tasks.latents import directions as finding
from ptarmigan.tasks.latents.kept import read_directions
from ptarmigan.trained.directions import Directions, parse_layers


def told(capsys, *args: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        cli.main([*map(str, args)])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


@of("plain")
def test_sefa_finds_what_changes_the_first_layer_most(generator):
    first = next(m for m in generator.game.generator.modules() if isinstance(m, torch.nn.Linear))
    with torch.no_grad():  # rows are scaled to length 1: few look at z1, many at z4
        first.weight.zero_()
        first.weight[:, 4] = 1.0
        first.weight[:4, 1], first.weight[:4, 4] = -5.0, 0.0
    found = Directions(generator).find("sefa", 2)
    for direction, place in zip(found.values(), (4, 1), strict=True):
        expected = torch.zeros(1, 6)
        expected[0, place] = 1.0
        torch.testing.assert_close(direction.step, expected)
    values = [float(direction.found.rpartition(" ")[2]) for direction in found.values()]
    assert values == [len(first.weight) - 4, 4]


@of("styled")
def test_sefa_is_of_the_styles_that_are_asked_for(generator):
    found = Directions(generator).find("sefa", 3, layers="1-2")
    rows = torch.cat(generator.game.style_generator.style_weights()[1:]).double()
    rows = rows / rows.norm(dim=1, keepdim=True)
    w = generator.map(generator.latents(finding.SEEN))[:, 0].double()
    change = []
    for direction in found.values():
        assert not direction.step[0].any()
        assert torch.equal(direction.step[1], direction.step[2])
        step = direction.step[1].double()
        unit = step / step.norm()
        assert float(step.norm()) == pytest.approx(float((w @ unit).std()), rel=1e-4)
        change.append(float((rows @ unit).norm()))
    assert change == sorted(change, reverse=True)
    other = torch.randn(1_000, 6).double()
    assert change[0] >= float((rows @ (other / other.norm(dim=1, keepdim=True)).T).norm(dim=0).max())


@of("styled", "classes")
def test_components_are_those_of_w(generator):
    found = Directions(generator).find("components", 2, given="3" if generator.conditional() else None)
    w = generator.map(generator.latents(finding.SEEN), given="3" if generator.conditional() else None)[:, 0]
    _, spread, rows = torch.linalg.svd(w.double() - w.double().mean(0), full_matrices=False)
    for i, direction in enumerate(found.values()):
        step = direction.step[0].double()
        assert abs(float(step / step.norm() @ rows[i])) == pytest.approx(1, abs=1e-4)
        assert float(step.norm()) == pytest.approx(float(spread[i]) / (len(w) - 1) ** 0.5, rel=1e-3)


def test_moments_do_not_depend_on_how_many_rows_come_at_once():
    rows = torch.randn(1_000, 5, dtype=torch.float64) * torch.tensor([1, 10, 100, 0.1, 1]) + 50
    for size in (1, 7, 1_000):
        moments = finding.Moments(5)
        for part in rows.split(size):
            moments.add(part)
        torch.testing.assert_close(moments.covariance(), rows.T.cov(), rtol=1e-9, atol=1e-9)


@of("plain")
def test_components_of_features_are_regressed_on_z(generator):
    """Features that see z through a matrix have the directions of its singular vectors."""
    matrix = torch.linalg.qr(torch.randn(6, 9).T.double()).Q.T * torch.tensor([1, 4, 2, 0.5, 8, 0.2])[:, None]
    w = torch.randn(20_000, 6)
    values = (w.double() @ matrix + 3).numpy()
    found = finding.by_features(generator.space_of_w, 2, [0], finding.Seen(w, values))
    for direction, place in zip(found, (4, 1), strict=True):
        assert abs(float(direction.step[0, place])) > 0.99
    assert float(found[0].found.split("%")[0].split()[-1]) == pytest.approx(75, abs=2)


@of("plain")
def test_features_are_what_samples_look_like(generator):
    step = Directions(generator).find("features", 1)["features-0"].step[0].double()
    z = generator.latents(2_000, seed=9)
    values = generator.space.embed(generator.game.sample(z))
    _, _, rows = np.linalg.svd(values - values.mean(0), full_matrices=False)
    seen = np.corrcoef(values @ rows[0], (z.double() @ step).numpy())[0, 1]
    others = [abs(np.corrcoef(values @ rows[0], z[:, i].numpy())[0, 1]) for i in range(6)]
    assert abs(seen) > max(others)
    with pytest.raises(ValueError, match="z has no principal components"):
        Directions(generator).find("components")


@of("classes")
def test_a_class_leads_to_another_through_w(generator):
    step = Directions(generator).between_classes("up", "2", "7").step
    w = generator.space_of_w
    way = (w.means(torch.tensor([7]), 1) - w.means(torch.tensor([2]), 1))[0, 0]
    assert torch.equal(step[0], step[2])
    assert float(torch.cosine_similarity(step[0], way, dim=0)) > 0.99


@of("conditional")
def test_where_the_class_is_beside_z_no_direction_leads_to_it(generator):
    with pytest.raises(ValueError, match="is not in its latents: ask for it by --class"):
        Directions(generator).between_classes("up", "2", "7")


@of("plain")
def test_two_folders_are_told_apart_by_a_classifier(generator, tmp_path, monkeypatch):
    """Of samples that are bright at one z and dark at another, the way from dark to bright is z's."""
    monkeypatch.setattr("ptarmigan.modalities.image.classifier.SEEN", (8_000, 8_000))
    first = next(m for m in generator.game.generator.modules() if isinstance(m, torch.nn.Linear))
    with torch.no_grad():  # all that is left of z is its third number
        first.weight[:, [0, 1, 3, 4, 5]] = 0
    raw = generator.synthesise(generator.map(generator.latents(200, seed=1)))
    z = generator.latents(200, seed=1)[:, 2]
    for name, chosen in (("without", z < -0.3), ("with", z > 0.3)):
        generator.space.save(raw[chosen.numpy()], tmp_path / name)
    folder = tmp_path / "run"
    step = Directions(generator, folder).between_sets("third", tmp_path / "without", tmp_path / "with").step
    assert float(step[0, 2]) > 0.9
    again = Directions(generator, folder)
    assert [*again] == ["third"]
    assert torch.equal(again["third"].step, step)


@of("styled")
def test_directions_are_kept_named_and_applied(generator, tmp_path):
    found = Directions(generator, tmp_path)
    found.find("sefa", 2)
    found.rename("sefa-1", "slant")
    again = Directions(generator, tmp_path)
    assert [*again] == ["sefa-0", "slant"]
    assert again["slant"].found.startswith("SeFa, eigenvalue ")
    w = generator.map(generator.latents(3))
    expected = 1.5 * again["slant"].step - 2 * again["sefa-0"].step
    moved = again.apply(w, {"slant": 1.5, "sefa-0": -2})
    torch.testing.assert_close(moved - w, expected.expand(3, -1, -1))
    with pytest.raises(ValueError, match="no direction 'smile'; there are sefa-0, slant"):
        again.apply(w, {"smile": 1})
    with pytest.raises(ValueError, match="'a=b' is no name"):
        again.rename("slant", "a=b")
    with torch.no_grad():
        generator.game.generator.out.bias.add_(1)
    with pytest.raises(ValueError, match="is of other weights"):
        Directions(generator, tmp_path)


@pytest.mark.parametrize(
    ("tensors", "metadata", "words"),
    [
        ({"a": torch.zeros(3, 6)}, {}, "holds no directions"),
        ({"a": torch.zeros(3, 6)}, {"found": {"b": ""}}, "holds no directions"),
        ({"a": torch.zeros(2, 6)}, {"found": {"a": ""}}, "holds no directions of this run"),
        ({"a": torch.full((3, 6), float("nan"))}, {"found": {"a": ""}}, "holds no directions of this run"),
        ({"a": torch.zeros(3, 6, dtype=torch.int64)}, {"found": {"a": ""}}, "no directions of this run"),
        ({"\x1b[31m": torch.zeros(3, 6)}, {"found": {"\x1b[31m": ""}}, "is no name"),
        ({"a": torch.zeros(3, 6)}, {"found": {"a": ""}, "weights": "y"}, "is of other weights"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, tensors, metadata, words):
    path = tmp_path / "a.safetensors"
    save_file(tensors, path, {"ptarmigan": json.dumps({"weights": "x", **metadata})})
    with pytest.raises(ValueError, match=words):
        read_directions(path, (3, 6), "x")


def test_how_it_was_found_does_nothing_to_a_terminal(tmp_path):
    path = tmp_path / "a.safetensors"
    said = json.dumps({"weights": "x", "found": {"a": "\x1b[31m"}})
    save_file({"a": torch.zeros(3, 6)}, path, {"ptarmigan": said})
    assert read_directions(path, (3, 6), "x")["a"].found == "\\x1b[31m"


def test_layers_are_a_range():
    assert [*parse_layers("", 3)] == [0, 1, 2]
    assert [*parse_layers("1", 3)] == [1]
    assert [*parse_layers("0-1", 3)] == [0, 1]
    for wrong in ("3", "2-1", "a", "-1", "1-x"):
        with pytest.raises(ValueError, match="has the layers 0 to 2"):
            parse_layers(wrong, 3)


def test_the_commands_find_name_and_edit(latent_runs, tmp_path, capsys):
    run = latent_runs["plain"]
    strips, pictures = tmp_path / "strips.png", tmp_path / "edited.png"
    assert told(capsys, "directions", run)[1] == "there are no directions yet\n"
    code, out, _ = told(capsys, "directions", run, "--by", "sefa", "--k", 2, "--out", strips)
    assert (code, out.count("SeFa, eigenvalue")) == (0, 2)
    with Image.open(strips) as picture:
        assert picture.size[1] > picture.size[0] // 2  # two directions, of three rows each
    assert told(capsys, "directions", run, "--rename", "sefa-1=slant")[0] == 0
    assert told(capsys, "directions", run)[1].split("\n")[1].startswith("slant: SeFa")
    assert told(capsys, "edit", run, "--direction", "slant=1.5", "--n", 4, "--out", pictures)[0] == 0
    with Image.open(pictures) as picture:
        assert picture.mode == "RGB"
    npy = tmp_path / "edited.npy"
    assert told(capsys, "edit", run, "--direction", "slant=0", "--n", 4, "--out", npy)[0] == 0
    assert told(capsys, "sample", run, "--n", 4, "--out", tmp_path / "plain.npy")[0] == 0
    np.testing.assert_array_equal(np.load(npy), np.load(tmp_path / "plain.npy"))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("edit RUN", "name a direction, such as --direction sefa-0=1.5"),
        ("edit RUN --direction smile", "--direction smile: expected name=number"),
        ("edit RUN --direction smile=much", "expected name=number"),
        ("edit RUN --direction smile=nan", "expected name=number"),
        ("edit RUN --direction smile=1", "there is no direction 'smile'"),
        ("directions RUN --name x", "say what it leads from and to"),
        ("directions RUN --name a=b --from 1 --to 2", "'a=b' is no name"),
        ("directions RUN --name x --from 1 --to 77", "there is no class '77'"),
        ("directions RUN --name x --without nowhere --with nowhere", "there is no data 'nowhere'"),
        ("directions RUN --by sefa --layers 4", "--layers 4: this run has the layers 0 to 0"),
        ("directions RUN --by sefa --k 0", "0 directions cannot be found"),
        ("directions RUN/generator.safetensors", "is a file: what is found of latents is kept in the folder"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(latent_runs, capsys, command, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = told(capsys, *command.replace("RUN", str(latent_runs["plain"])).split())
    assert code == 2
    assert words in err
    assert err.count("\n") == 1
