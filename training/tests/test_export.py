"""The exported file against an evaluation of its graph in plain numpy, written from the format alone."""

import json

import numpy as np
import pytest
import torch

from mobinet_training import data
from mobinet_training import export
from mobinet_training import fixed_point
from mobinet_training import networks
from mobinet_training import safetensors_file
from mobinet_training.networks import mobinet


def unpack(words, elements):
    bits = np.unpackbits(words.view("u1"), axis=1, bitorder="little")
    assert not bits[:, elements:].any(), "bits past the end of a filter"
    return np.where(bits[:, :elements], 1.0, -1.0)


def convolve(x, weight, stride, padding, groups):
    """x [C, H, W], weight [O, C / groups, kh, kw]; zero padding."""
    top, left, bottom, right = padding
    x = np.pad(x, ((0, 0), (top, bottom), (left, right)))
    outputs, per_group, kh, kw = weight.shape
    height = (x.shape[1] - kh) // stride[0] + 1
    width = (x.shape[2] - kw) // stride[1] + 1
    y = np.zeros((outputs, height, width))
    for o in range(outputs):
        first = o // (outputs // groups) * per_group
        for i in range(height):
            for j in range(width):
                window = x[first : first + per_group, i * stride[0] :, j * stride[1] :][:, :kh, :kw]
                y[o, i, j] = (window * weight[o]).sum()
    return y


def evaluate(metadata, tensors, x):
    graph = json.loads(metadata["graph"])
    values = {graph["inputs"][0]["name"]: x}
    for node in graph["nodes"]:
        inputs = [values[name] for name in node["inputs"]]
        y = inputs[0]
        each = lambda key: tensors[node[key]].astype(np.float64).reshape((-1,) + (1,) * (y.ndim - 1))
        op = node["op"]
        if op == "conv2d":
            y = convolve(y, tensors[node["weight"]], node["stride"], node["padding"], node["groups"])
        elif op == "sign":
            y = np.where(y > (each("threshold") if "threshold" in node else 0), 1.0, -1.0)
        elif op == "binary_conv2d":
            kh, kw = node["kernel"]
            per_group = node["in_channels"] // node["groups"]
            weight = unpack(tensors[node["weight"]], kh * kw * per_group)
            weight = weight.reshape(-1, kh, kw, per_group).transpose(0, 3, 1, 2)
            y = convolve(y, weight, node["stride"], node["padding"], node["groups"])
            y = y * each("alpha") if "alpha" in node else y
        elif op == "affine":
            y = y + each("bias")
        elif op == "batch_norm":
            y = (y - each("mean")) / np.sqrt(each("variance") + node["epsilon"]) * each("gamma") + each("beta")
        elif op == "prelu":
            y = np.where(y > 0, y, y * each("slope"))
        elif op == "relu":
            y = np.maximum(y, 0)
        elif op == "add":
            y = inputs[0] + inputs[1]
        elif op == "concat":
            y = np.concatenate(inputs)
        elif op == "average_pool2d":
            y = y.reshape(y.shape[0], y.shape[1] // 2, 2, y.shape[2] // 2, 2).mean((2, 4))
        elif op == "global_average_pool":
            y = y.mean((1, 2))
        elif op == "dense":
            weight = tensors[node["weight"]].astype(np.float64)
            if "weight_scale" in node:
                weight = weight * tensors[node["weight_scale"]][:, None]
            y = weight @ y + tensors[node["bias"]]
        else:
            raise AssertionError(f"unknown operation {op}")
        values[node["name"]] = y
    return values[graph["outputs"][0]]


def scrambled(net):
    """A network as after training: nothing is at its initial value."""
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif tensor.is_floating_point():
                tensor.add_(torch.randn_like(tensor) * 0.2)
    return net.eval()


NETWORKS = {
    "mid": lambda: networks.MoBiNet("mid", 3, 0.25, 5),
    "pre, K = 0": lambda: networks.MoBiNet("pre", 0, 0.25, 5),
    "post, K = 1, ReLU, no doubling skip": lambda: networks.MoBiNet(
        "post", 1, 0.25, 5, prelu=False, doubling_skip=False),
    "none, K = 2, no alpha": lambda: networks.MoBiNet("none", 2, 0.25, 5, alpha=False),
    "mid, K = 3, shifts": lambda: networks.MoBiNet("mid", 3, 0.25, 5, sign_shift=True, prelu_shift=True),
    "mid, K = 3, three thresholds": lambda: networks.MoBiNet("mid", 3, 0.25, 5, levels=3),
    "none, K = 3, two thresholds, no alpha": lambda: networks.MoBiNet("none", 3, 0.25, 5, levels=2, alpha=False),
    "lean, three thresholds, six float blocks": lambda: networks.MoBiNet(
        "lean", 3, 0.25, 5, levels=3, float_blocks=6),
    "float": lambda: networks.MobileNetV1(0.25, 5),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_exported_graph_gives_the_networks_logits(name, tmp_path):
    net = scrambled(NETWORKS[name]()).double()
    path = tmp_path / "model.safetensors"
    export.export(net, path, 32, name, list("abcde"), list("ABCDE"), {"epochs": 1})
    metadata, tensors = safetensors_file.read(path)
    x = torch.randn(1, 3, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        expected = net(x)[0].numpy()
    # The file holds float32; a number on a sign's threshold is improbable, not impossible.
    assert evaluate(metadata, tensors, x[0].numpy()) == pytest.approx(expected, abs=2e-3)


def test_an_int8_head_is_a_row_scale_and_a_rounding_away(tmp_path):
    net = scrambled(networks.MobileNetV1(0.25, 5))
    logits = []
    for head in ("float32", "int8"):
        path = tmp_path / f"{head}.safetensors"
        export.export(net, path, 32, "tiny", list("abcde"), list("ABCDE"), {}, head)
        logits.append(evaluate(*safetensors_file.read(path), np.ones((3, 32, 32))))
    _, tensors = safetensors_file.read(path)
    assert tensors["head.weight"].dtype == np.int8
    assert np.abs(tensors["head.weight"]).max(1).tolist() == [127] * 5
    assert np.abs(logits[0] - logits[1]).max() < 0.02 * np.ptp(logits[0])


def test_metadata_and_digest(tmp_path):
    path = tmp_path / "model.safetensors"
    net = networks.MoBiNet("mid", 0, 0.25, 2)
    export.export(net, path, 64, "tiny", ["a", "b"], ["ä", "b"], {}, temperature=0.75)
    metadata, tensors = safetensors_file.read(path)
    assert metadata["format"] == "mobinet" and metadata["format_version"] == "1"
    assert metadata["temperature"] == "0.75"
    assert json.loads(metadata["labels"]) == ["ä", "b"]
    assert json.loads(metadata["preprocessing"])["mean"] == list(data.MEAN)
    assert metadata["digest"] == safetensors_file.digest(metadata, tensors)
    tensors = {**tensors, "head.bias": tensors["head.bias"] + 1}
    assert metadata["digest"] != safetensors_file.digest(metadata, tensors)


def test_a_safetensors_reader_reads_it(tmp_path):
    library = pytest.importorskip("safetensors.numpy", reason="the safetensors package is not installed")
    path = tmp_path / "model.safetensors"
    export.export(networks.MoBiNet("mid", 0, 0.25, 2), path, 64, "tiny", ["a", "b"], ["a", "b"], {})
    _, tensors = safetensors_file.read(path)
    read = library.load_file(path)
    assert read.keys() == tensors.keys()
    assert all(np.array_equal(read[name], tensors[name]) for name in read)


def test_a_fraction_with_which_every_unit_fits_int16():
    torch.manual_seed(3)
    net = networks.MoBiNet(k=2, width=0.25, classes=5, prelu_shift=True)
    for module in net.modules():
        if isinstance(module, mobinet.Unit):
            module.prelu_bias.data.normal_(std=0.1)
            module.norm.running_var.fill_(0.01)
            module.norm.weight.data.uniform_(-0.3, 0.3)
    net.eval()
    x = torch.randn(2, 3, 32, 32)
    bits = fixed_point.fraction_bits(net, x)
    largest = max(map(fixed_point.largest_units, (m for m in net.modules() if isinstance(m, mobinet.Unit))))
    assert 4 <= bits <= 12
    assert largest * 2**bits <= 32767
    for module in net.modules():
        if isinstance(module, mobinet.Unit):
            module.norm.weight.data.mul_(16)
    assert fixed_point.fraction_bits(net, x) <= bits - 3


@pytest.mark.parametrize("options", [{"levels": 2}, {"float_blocks": 1}, {"block": "lean"}])
def test_no_int16_stream_where_not_all_is_binary(options):
    net = networks.MoBiNet(**{"width": 0.25, "classes": 5, **options}).eval()
    with pytest.raises(SystemExit, match="int16"):
        fixed_point.fraction_bits(net, torch.randn(1, 3, 32, 32))


def test_classes_and_size_are_the_runs(tmp_path):
    (tmp_path / "classes.tsv").write_text("n01\tred\nn02\tgreen\nn03\tblue\n")
    settings = {"classes": str(tmp_path / "classes.tsv"), "train": [], "class_step": 1, "size": 32}
    checkpoint = {"network": {"classes": 3}, "settings": settings}
    assert export.classes_of(checkpoint, None) == (["n01", "n02", "n03"], ["red", "green", "blue"])
    with pytest.raises(SystemExit, match="3 classes, and the network 4"):
        export.classes_of({**checkpoint, "network": {"classes": 4}}, None)
    with pytest.raises(SystemExit, match="--classes FILE"):
        export.classes_of({"network": {"classes": 3}}, None)
