"""The int16 forward pass against docs/fixed-point.md, one number at a time, and as a whole."""

import math

import pytest
import torch

from mobinet_training import int16, networks
from mobinet_training.networks import signs
from test_export import scrambled


def response_by_hand(unit, dot, channel, fraction):
    """One number of a unit with alpha, bias, PReLU and batch norm, as the document has it."""
    taps = unit.weight[0].numel()
    alpha = signs.alpha_of(unit.weight)[channel].item()
    bias, slope = unit.prelu_bias.flatten()[channel].item(), unit.prelu.weight[channel].item()
    scale = unit.norm.weight[channel].item() / math.sqrt(unit.norm.running_var[channel].item() + unit.norm.eps)
    offset = unit.norm.bias[channel].item() - unit.norm.running_mean[channel].item() * scale
    # Of the count x = (taps - dot) / 2 the unit's dot is taps - 2x; before the knee, dots are large.
    knee = taps / 2 + bias / (2 * alpha)
    left, right, value = -2 * alpha * scale, -2 * alpha * slope * scale, offset
    if not 0 < knee < taps:
        line = right if knee <= 0 else left
        value, left, right, knee = value + line * (taps / 2 - knee), line, line, taps / 2
    spread = math.floor(32767 / max(knee, taps - knee))
    t = spread * (taps - dot) // 2 - math.floor(knee * spread + 0.5)
    side = math.floor((right if t > 0 else left) * 2**15 * 2**fraction / spread + 0.5)
    u = math.floor(value * 2**fraction + 0.5) + ((t * side + 2**14) >> 15)
    return max(-32768, min(32767, u))


def test_a_units_response_is_the_documents():
    unit = scrambled(networks.MoBiNet("mid", 3, 0.25, 5, prelu_shift=True)).blocks[3].units[1]
    with torch.no_grad():
        unit.norm.weight.mul_(0.1)
    outputs, taps = len(unit.weight), unit.weight[0].numel()
    dots = torch.arange(-taps, taps + 1, 2.0)
    x = dots.view(1, 1, 1, -1).expand(1, outputs, 1, -1)
    alpha = signs.alpha_of(unit.weight).detach()
    got = int16.unit_response(unit, x, alpha, 8)[0, :, 0].tolist()
    for channel in range(outputs):
        assert got[channel] == [response_by_hand(unit, int(dot), channel, 8) for dot in dots], channel


@torch.no_grad()
def test_the_stream_is_whole_and_near_the_float_one():
    net = scrambled(networks.MoBiNet("mid", 2, 0.25, 5, sign_shift=True, prelu_shift=True))
    x = torch.randn(2, 3, 32, 32)
    exact = int16.stem_response(net.stem, x, 8)
    assert torch.equal(exact, exact.round())
    assert (exact / 256 - net.stem(x)).abs().max() < 0.01


def test_gradients_reach_every_parameter():
    net = networks.MoBiNet("mid", 2, 0.25, 5, sign_shift=True, prelu_shift=True).eval()
    torch.nn.init.normal_(net.head.weight)
    int16.forward(net, torch.randn(2, 3, 32, 32), 8).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.blocks[3].parameters())


@pytest.mark.parametrize("threshold, expected", [(0.3, [-1, -1, 1]), (-0.3, [-1, 1, 1])])
def test_thresholds_are_rounded_down(threshold, expected):
    """With one bit of fraction: 0.3 is 0 (x > 0), and -0.3 is -0.5 (x > -0.5)."""
    unit = networks.MoBiNet("mid", 2, 0.25, 5, sign_shift=True).blocks[0].units[0]
    unit.shift.data.fill_(threshold)
    x = torch.tensor([-0.5, 0.0, 0.5]).view(1, 1, 1, 3).expand(1, 8, 1, 3)
    assert int16.whole_signs(unit, x, 2.0)[0, 0, 0].tolist() == expected
