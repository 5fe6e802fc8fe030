"""The networks that MoBiNet is compared with: against their papers, and from training to the runtime."""

import json
import shutil
import subprocess
import sys

import pytest
import torch

from mobinet_training import export, networks, restore, settings, train
from mobinet_training.export import ROOT
from mobinet_training.networks import abc_net, bit_weights, bnn, dorefa_net, reactnet_a, xnor_net
from test_train import options

RIVALS = sorted(networks.KINDS.keys() - {"mobinet", "mobilenet_v1"})
MORE = {"dorefa": {"activation_bits": 2}, "abcnet": {"weight_bases": 2, "activation_bases": 3}}
RUN = """
import { loadModel } from './dist/node/index.js';
const model = await loadModel(process.argv[1]);
const input = Float32Array.from({ length: 3 * 32 * 32 }, (_, at) => ((at * 37) % 101) / 50 - 1);
console.log(JSON.stringify([...await model.run(input)]));
"""


@pytest.mark.skipif(
    not (ROOT / "dist/node/index.js").exists() or shutil.which("node") is None, reason="dist/ is not built"
)
@pytest.mark.parametrize("kind", RIVALS)
def test_it_trains_and_the_runtime_has_the_logits_of_its_export(kind, tiny, monkeypatch):
    monkeypatch.setattr(train, "draw_curves", lambda *_: None)
    chosen = options(tiny, "run", kind=kind, epochs=1, lr=1e-2, **{"width": 0.125, **MORE.get(kind, {})})
    train.main(chosen)
    checkpoint, file = tiny / "run" / "latest.pt", tiny / "model.safetensors"
    net = restore.load_network(checkpoint)
    monkeypatch.setattr(sys, "argv", ["export.py", str(checkpoint), str(file), "--name", kind])
    export.main()
    node = ["node", "--input-type=module", "-e", RUN, str(file)]
    logits = torch.tensor(json.loads(subprocess.run(node, cwd=ROOT, check=True, capture_output=True, text=True).stdout))
    x = (torch.arange(3 * 32 * 32) * 37 % 101).reshape(1, 3, 32, 32) / 50 - 1
    with torch.no_grad():
        torch.testing.assert_close(logits, net(x)[0], rtol=1e-3, atol=1e-3)
    with pytest.raises(SystemExit, match="--latent"):
        restore.load_network(file)
    with pytest.raises(SystemExit, match="int16"):
        monkeypatch.setattr(sys, "argv", [*sys.argv, "--int16", str(tiny / "val")])
        export.main()


@pytest.mark.parametrize("kind", networks.KINDS)
def test_every_kind_learns_in_all_of_its_parameters(kind):
    net = networks.build({"kind": kind, "width": 0.25, "classes": 3, **MORE.get(kind, {})})
    torch.nn.init.normal_(net.head.weight)
    net(torch.randn(4, 3, 32, 32)).square().sum().backward()
    still = [name for name, p in net.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()]
    assert still == []


def test_an_option_of_another_kind_is_refused():
    with pytest.raises(SystemExit, match="--k is no option of the kind bireal18, which has --width, --stem-stride"):
        settings.resolve(settings.parse_settings(["--kind", "bireal18", "--k", "2"]))
    with pytest.raises(SystemExit, match="--weight-bases is no option of the kind mobinet"):
        settings.resolve(settings.parse_settings(["--weight-bases", "2"]))
    with pytest.raises(SystemExit, match="--int16 is for MoBiNet"):
        settings.resolve(settings.parse_settings(["--kind", "twn", "--int16", "8"]))


def test_every_option_of_a_kind_is_a_setting():
    for kind in networks.KINDS:
        assert set(networks.options_of(kind)) <= set(settings.NETWORK)
    assert {name for kind in networks.KINDS for name in networks.options_of(kind)} == set(settings.NETWORK)


@pytest.mark.parametrize("settings_, message", [
    ({"kind": "dorefa", "activation_bits": 5}, "5 bits"), ({"kind": "abcnet", "weight_bases": 0}, "0 bases"),
    ({"kind": "twn", "stem_stride": 3}, "stride is 3"),
])
def test_what_cannot_be_is_refused(settings_, message):
    with pytest.raises(ValueError, match=message):
        networks.build(settings_)


def test_abc_bases_are_shifted_signs_with_alphas_of_least_squares():
    unit = abc_net.Unit(3, 1, 2, 4, 1)
    signs, alphas = unit.bases()
    for k, filter_ in enumerate(unit.weight.detach().flatten(1)):
        for m, u in enumerate((-1, 0, 1)):
            expected = torch.where(filter_ - filter_.mean() + u * filter_.std() > 0, 1.0, -1.0)
            assert torch.equal(signs[m, k].flatten(), expected)
        bases = signs[:, k].flatten(1).T
        best = torch.linalg.lstsq(bases, filter_[:, None]).solution.flatten()
        torch.testing.assert_close(alphas[:, k], best, rtol=1e-2, atol=1e-3)


def test_abc_activations_are_signs_whose_gradient_passes_near_a_threshold():
    unit = abc_net.Unit(1, 2, 1, 1, 1).eval()
    assert unit.thresholds.tolist() == [-0.5, 0.5] and unit.betas.tolist() == [0.5, 0.5]
    x = torch.tensor([-1.2, -0.5, 0.2, 3.0]).view(1, 1, 1, 4).requires_grad_()
    unit(x).sum().backward()
    assert (x.grad.flatten() != 0).tolist() == [False, True, True, False]


@pytest.mark.parametrize("bits, x, value", [(1, 0.5, 0), (1, 0.7, 1), (2, 0.7, 2 / 3), (2, -1.0, 0), (3, 9.0, 1), (4, 0.5, 7 / 15)])
def test_dorefa_activations_are_rounded_to_k_bits(bits, x, value):
    unit = dorefa_net.Unit(bits, 1, 1, 1).eval()
    unit.weight.data.fill_(0.5)
    unit.norm = torch.nn.Identity()
    # Nine taps of weight E|w| = 0.5.
    assert unit(torch.full((1, 1, 3, 3), x))[0, 0, 1, 1].item() == pytest.approx(4.5 * value)


def test_ternary_weights_are_0_up_to_the_threshold():
    layer = bit_weights.TernaryConv2d(0.7, 1, 1, 1)
    layer.weight.data = torch.tensor([1.0, -0.5, 0.3, -0.1, 0.8, -0.2, 0.0, 0.4, -0.6]).view(1, 1, 3, 3)
    # The mean size is 3.9 / 9, 0.7 of it 0.303; the mean of those above is 0.66.
    expected = torch.tensor([1, -1, 0, 0, 1, 0, 0, 1, -1]).view(1, 1, 3, 3) * 0.66
    torch.testing.assert_close(layer.quantised().detach(), expected)


def test_xnor_scales_by_the_mean_size_of_what_a_window_reads():
    unit = xnor_net.Unit(3, 2, 2).eval()
    x = torch.randn(1, 3, 6, 6)
    dots = unit.conv(unit.sign(unit.norm(x)))
    size = unit.norm(x).abs().mean(1)[0]
    padded = torch.nn.functional.pad(size, (1, 1, 1, 1))
    assert unit(x)[0, 1, 1, 2].item() == pytest.approx((dots[0, 1, 1, 2] * padded[2:5, 4:7].mean()).item(), rel=1e-4)


def test_unscaled_weights_stay_within_1_while_training():
    for layer, inputs in ((bnn.Unit(2, 2, 1), 2), (bit_weights.Unit(bit_weights.ConnectConv2d, 2, 2, 1), 2)):
        layer.conv.weight.data.fill_(3)
        layer.eval()(torch.randn(1, inputs, 4, 4))
        assert layer.conv.weight.max() == 3
        layer.train()(torch.randn(2, inputs, 4, 4))
        assert layer.conv.weight.max() == 1


def test_reactnet_doubles_channels_by_two_convolutions_each_with_the_skip():
    block = reactnet_a.Block(2, 4, 2).eval()
    for point in block.points:
        point.norm.weight.data.zero_()
    y = block(torch.randn(1, 2, 4, 4))
    assert y.shape == (1, 4, 2, 2) and torch.equal(y[:, :2], y[:, 2:])
