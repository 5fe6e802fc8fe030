import pytest
import torch

from mobinet_training import networks
from mobinet_training.networks import mobinet, signs


def test_sign_of_zero_is_minus_one():
    x = torch.tensor([-2.0, -0.0, 0.0, 1e-30, 3.0])
    assert signs.sign(x).tolist() == [-1, -1, -1, 1, 1]


def weight(w, gradient, use_alpha):
    """w^, as a unit's convolution has it."""
    bits, alpha = signs.binary_weight(w, gradient, use_alpha)
    return bits if alpha is None else bits * alpha


def test_weight_gradient_is_equation_5():
    w = torch.randn(3, 2, 3, 3, dtype=torch.float64) * 0.8
    w[0, 0, 0, 0], w[1, 1, 2, 2] = 1.5, -1.7  # outside of |w| <= 1
    upstream = torch.randn_like(w)
    w.requires_grad_()
    weight(w, "paper", True).backward(upstream)
    for i in range(3):
        filter_, gradient = w[i].detach().flatten().tolist(), upstream[i].flatten().tolist()
        signs = [1 if x > 0 else -1 for x in filter_]
        p = len(filter_)
        alpha = sum(abs(x) for x in filter_) / p
        total = sum(g * s for g, s in zip(gradient, signs))
        expected = [
            s * total / p + alpha * g * (1 if abs(x) <= 1 else 0)
            for x, g, s in zip(filter_, gradient, signs)
        ]
        assert w.grad[i].flatten().tolist() == pytest.approx(expected, rel=1e-12)


def test_straight_through_weight_gradient():
    w = torch.tensor([[[[0.5, -1.5]]]], requires_grad=True)
    weight(w, "straight", True).backward(torch.tensor([[[[2.0, 3.0]]]]))
    assert w.grad.flatten().tolist() == [2, 0]


def test_binary_weight_is_alpha_times_sign():
    w = torch.tensor([[[[0.5, -1.5, 0.0, 1.0]]]])
    assert weight(w, "paper", True).flatten().tolist() == [0.75, -0.75, -0.75, 0.75]
    assert weight(w, "paper", False).flatten().tolist() == [1, -1, -1, 1]


@pytest.mark.parametrize("window, expected", [
    ("clip", [0, 1, 1, 1, 0]), ("polynomial", [0, 1, 2, 1.5, 0]), ("triangle", [0.25, 0.75, 1, 0.875, 0]),
])
def test_window_of_the_signs_gradient(window, expected):
    x = torch.tensor([-1.5, -0.5, 0.0, 0.25, 2.5], requires_grad=True)
    signs.SignActivation.apply(x, window).sum().backward()
    assert x.grad.tolist() == expected


def test_parameters_of_mid_k3():
    net = networks.MoBiNet("mid", 3, 1.0, 1000)
    bits = sum(unit.weight.numel() for block in net.blocks for unit in block.units)
    weights = bits + net.stem[0].weight.numel() + sum(p.numel() for p in net.head.parameters())
    assert bits / 1e6 == pytest.approx(7.34, abs=0.01)
    assert round(weights / 1e6, 1) == 8.4


@pytest.mark.parametrize("block", ["none", "pre", "mid", "post"])
@pytest.mark.parametrize("k", range(5))
def test_every_block_trains(block, k):
    net = networks.MoBiNet(block, k, 0.5, 3)
    net(torch.randn(2, 3, 32, 32)).sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())


def test_skips_are_where_shapes_agree_or_double():
    units = networks.MoBiNet("mid", 3, 0.25, 3).blocks[0].units
    assert [unit.skip for unit in units] == [True, True, True]
    units = networks.MoBiNet("mid", 3, 0.25, 3, doubling_skip=False).blocks[0].units
    assert [unit.skip for unit in units] == [True, False, True]
    units = networks.MoBiNet("mid", 3, 0.25, 3, skips=False).blocks[0].units
    assert [unit.skip for unit in units] == [False, False, False]


def test_groups_are_of_2_to_the_k_channels():
    assert [mobinet.groups_of(8, k) for k in range(5)] == [8, 4, 2, 1, 1]
    with pytest.raises(ValueError, match="24 channels"):
        networks.MoBiNet(k=4, width=0.75)


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="middle"):
        networks.MoBiNet("middle")
    with pytest.raises(ValueError, match="box"):
        networks.MoBiNet(window="box", width=0.25)(torch.randn(2, 3, 32, 32)).sum().backward()


def test_float_mobilenet_has_its_known_size():
    weights = sum(p.numel() for p in networks.MobileNetV1(1.0, 1000).parameters())
    assert weights == 4_231_976
