"""A model file as a PyTorch module: against the network that wrote it, and against the runtime."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mobinet_training import export, graph_module, networks

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL = ROOT / "models/mobinet-mid-k3-w25-64.safetensors"
RUN = """
import { loadModel } from './dist/node/index.js';
const model = await loadModel(process.argv[1], { activations: 'float32' });
const input = Float32Array.from({ length: 3 * 64 * 64 }, (_, at) => ((at * 37) % 101) / 50 - 1);
console.log(JSON.stringify([...await model.run(input)]));
"""


@torch.no_grad()
def test_it_computes_what_the_network_computes(tmp_path):
    net = networks.MoBiNet(width=0.25, classes=5, k=1, sign_shift=True, prelu_shift=True, doubling_skip=True)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 2)
    torch.nn.init.normal_(net.head.weight)
    net.eval()
    path = tmp_path / "net.safetensors"
    export.export(net, path, 32, "test", list("abcde"), list("abcde"), {})
    x = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(graph_module.GraphModule(path).eval()(x), net(x), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_pools_count_the_taps_inside():
    window = {"kernel": [3, 3], "stride": [2, 2], "padding": [1, 1, 0, 0]}
    x = torch.randn(1, 4, 6, 6) - 5
    average = graph_module.Node({"name": "y", "op": "average_pool2d", "inputs": ["x"], **window}, {})(x)
    assert average[0, 0, 0, 0] == pytest.approx(x[0, 0, :2, :2].mean().item(), rel=1e-5)
    largest = graph_module.Node({"name": "y", "op": "max_pool2d", "inputs": ["x"], **window}, {})(x)
    torch.testing.assert_close(largest, F.max_pool2d(x, 3, 2, 1))


@torch.no_grad()
def test_levels_are_odd_numbers_and_borders_the_largest_of_them():
    thresholds = np.array([[0.5], [1.5], [2.5]], np.float32)
    levels = {"name": "q", "op": "levels", "inputs": ["x"], "thresholds": "t"}
    numbers = graph_module.Node(levels, {"t": thresholds})(torch.tensor([[[[0.5, 1.0, 2.0, 9.0]]]]))
    assert numbers.flatten().tolist() == [-3, -1, 1, 3]
    window = {"kernel": [1, 2], "stride": [1, 1], "padding": [0, 1, 0, 0], "padding_value": -1, "bits": 2}
    conv = {"name": "y", "op": "binary_conv2d", "inputs": ["q"], "weight": "w", "in_channels": 1, **window}
    words = np.array([[0b01]], np.uint64)
    assert graph_module.Node(conv, {"w": words})(numbers).flatten().tolist() == [0, -2, -2, -2]


@torch.no_grad()
def test_halves_are_rounded_away_from_zero():
    node = {"name": "y", "op": "round", "inputs": ["x"], "min": -3, "max": 2}
    x = torch.tensor([[0.5, -0.5, 1.4, -1.6, 2.5, -2.5, -9.0]])
    assert graph_module.Node(node, {})(x).flatten().tolist() == [1, -1, 1, -2, 2, -3, -3]


@pytest.mark.skipif(
    not (ROOT / "dist/node/index.js").exists() or shutil.which("node") is None, reason="dist/ is not built"
)
@torch.no_grad()
def test_it_computes_what_the_runtime_computes():
    node = ["node", "--input-type=module", "-e", RUN, str(MODEL)]
    logits = json.loads(subprocess.run(node, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    x = (torch.arange(3 * 64 * 64) * 37 % 101).reshape(1, 3, 64, 64) / 50 - 1
    module = graph_module.GraphModule(MODEL).eval()
    torch.testing.assert_close(module(x)[0], torch.tensor(logits), rtol=1e-3, atol=1e-3)
