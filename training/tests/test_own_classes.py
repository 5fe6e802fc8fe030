import json

import numpy as np
import pytest
import torch
from PIL import Image

from mobinet_training import linear_head, networks, own_classes, report, restore, safetensors_file
from test_restore import exported


def body(tmp_path):
    """A network to start from, whose features tell colours apart as any do."""
    torch.manual_seed(1)
    return exported(networks.MoBiNet("mid", 2, 0.25, 5), tmp_path / "body.safetensors")


def run(tiny, *options):
    own_classes.main([str(tiny / "train"), "--out", str(tiny / "own.safetensors"), *map(str, options)])


def test_a_classifier_on_frozen_features_is_exported_with_a_report(tiny, capsys):
    run(tiny, "--start-from", body(tiny), "--val", tiny / "val", "--minutes", 0, "--name", "Colours <1>")
    metadata, tensors = safetensors_file.read(tiny / "own.safetensors")
    assert json.loads(metadata["labels"]) == ["n01", "n02"]
    assert metadata["name"] == "Colours <1>" and 0.1 <= float(metadata["temperature"]) <= 10
    assert tensors["head.weight"].dtype == np.int8
    start = restore.load_network(tiny / "body.safetensors")
    assert np.array_equal(tensors["stem.conv.weight"], start.stem[0].weight.detach().numpy()), "the body stays"
    page = (tiny / "own.html").read_text()
    assert "Colours &lt;1&gt;" in page and "of 8 validation pictures" in page
    said = capsys.readouterr().out
    assert "from 'mobinet/node'" in said and "createClassifier(\"/own.safetensors\")" in said


def test_fine_tuning_goes_on_where_it_was_stopped(tiny, monkeypatch, capsys):
    take = own_classes.train.Run.take_step

    def take_and_stop(self, *arguments):
        self.stopped = self.step == 2 and self.elapsed < 60
        return take(self, *arguments)

    options = ["--start-from", body(tiny), "--val", tiny / "val", "--flip", "false", "--minutes", 1, "--epochs", 2]
    monkeypatch.setattr(own_classes.train.Run, "take_step", take_and_stop)
    run(tiny, *options)
    assert "the same command goes on" in capsys.readouterr().out
    stopped = torch.load(tiny / "own.run" / "latest.pt")
    assert stopped["step"] == 3 and (tiny / "own.safetensors").exists()
    monkeypatch.setattr(own_classes.train.Run, "take_step", take)
    run(tiny, *options[:-5], "true", *options[-4:])
    assert "going on from" in capsys.readouterr().out
    whole = torch.load(tiny / "own.run" / "latest.pt")
    assert whole["step"] == 2 * 3 and whole["settings"]["flip"] == "false", "what was begun with"


def test_a_class_that_is_another_in_a_mirror_is_found():
    head = torch.eye(3), torch.zeros(3)
    classes = torch.tensor([0] * 6 + [1] * 6 + [2] * 6)
    features = torch.nn.functional.one_hot(classes).float()
    turned = features.clone()
    turned[:5] = features[6:11]  # most of class 0 look like class 1
    assert linear_head.not_itself_in_a_mirror(head, features, turned, classes) == (0, 1)
    turned[:5] = features[[6, 7, 12, 13, 0]]  # this way and that
    assert linear_head.not_itself_in_a_mirror(head, features, turned, classes) is None


def test_a_fitted_head_tells_apart_what_can_be():
    classes = torch.arange(60) % 3
    features = torch.randn(60, 8) * 20 + 5
    features[:, 0] = 3 * classes
    (weight, bias), right = linear_head.best_fit((features, classes), (features, classes), 3)
    assert right == 1
    assert ((features @ weight.T + bias).argmax(1) == classes).all()


def test_some_of_the_pictures_are_of_every_class():
    classes = torch.arange(43).repeat_interleave(200)
    assert set(classes[own_classes.evenly(len(classes), 500)].tolist()) == set(range(43))
    assert own_classes.evenly(7, 500).tolist() == list(range(7))


def test_counts_of_confusions():
    matrix = report.confusion(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_the_models_to_start_from_are_there():
    for name in own_classes.SHIPPED:
        assert own_classes.shipped(name).stat().st_size > 100_000


def slopes(folder, count, side):
    """Two classes, each the other's mirror image: brighter to the left, and to the right."""
    for name, slope in (("left", slice(None, None, -1)), ("right", slice(None))):
        (folder / name).mkdir(parents=True)
        for k in range(count):
            light = np.linspace(0, 150 + k, side).astype(np.uint8)[slope]
            Image.fromarray(np.broadcast_to(light[None, :, None], (side, side, 3)).copy()).save(folder / name / f"{k}.png")
    return folder


@pytest.mark.parametrize("count, side, start, size", [
    (200, 40, "", 32), (199, 40, "steady", 64), (200, 49, "steady", 64),
])
def test_small_pictures_of_which_there_are_many_start_from_noise(tmp_path, count, side, start, size):
    folder = slopes(tmp_path / "pictures", count, side)
    chosen = own_classes.parse([str(folder), "--out", str(tmp_path / "x.safetensors")])
    s = own_classes.settings(chosen, tmp_path / "run")
    assert (start in s.start_from) if start else s.start_from == ""
    assert s.size == size and (s.stem_stride, s.width) == ((1, 0.25) if size == 32 else (2, 0.5))


def test_classes_that_are_each_other_in_a_mirror_are_not_mirrored_from_scratch_either(tmp_path, capsys):
    folder = slopes(tmp_path / "pictures", 28, 32)
    out = tmp_path / "x.safetensors"
    own_classes.main([str(folder), "--out", str(out), "--start-from", "scratch", "--minutes", "1", "--epochs", "1"])
    assert "left is right in a mirror" in capsys.readouterr().out
    assert torch.load(tmp_path / "x.run" / "latest.pt")["settings"]["flip"] == "false"


@pytest.mark.parametrize("options, message", [
    (["--out", "x.onnx"], ".safetensors"), (["--start-from", "nothing"], "things, signs, scratch"),
    (["--start-from", "scratch", "--minutes", "0"], "classifier alone"), (["--val", "missing"], "not there"),
])
def test_what_cannot_be_is_refused(tiny, capsys, options, message):
    with pytest.raises(SystemExit):
        own_classes.main([str(tiny / "train"), *(options if "--out" in options else ["--out", "x.safetensors", *options])])
    assert message in capsys.readouterr().err


def test_pictures_of_one_class_are_refused(tiny):
    with pytest.raises(SystemExit, match="two folders or more"):
        own_classes.main([str(tiny / "train" / "n01"), "--out", str(tiny / "x.safetensors"), "--val", str(tiny / "train" / "n01")])
