"""Signs and binary convolutions, as most of the networks have them."""

import torch
from torch import nn
from torch.nn import functional as F

from .signs import SignActivation, alpha_of, binary_weight


def latent(outputs, inputs, size):
    """Float weights under the signs, [outputs, inputs, size, size], that keep the variance of what comes in."""
    weight = nn.Parameter(torch.empty(outputs, inputs, size, size))
    nn.init.normal_(weight, std=(inputs * size * size) ** -0.5)
    return weight


def write_convolution(writer, name, op, value, module, weight, nonzero=None, alpha=None, **more):
    """A node of packed bits. module: has stride, padding and the latent weight, [O, I, kh, kw].

    weight, nonzero: the name of a tensor of bits; alpha: [O], or None for 1.
    """
    outputs, inputs, height, width = module.weight.shape
    constants = {} if nonzero is None else {"nonzero": nonzero}
    if alpha is not None:
        constants["alpha"] = writer.floats(f"{name}.alpha", alpha)
    return writer.add(
        f"{name}.conv", op, [value], weight=weight, **constants, kernel=[height, width], in_channels=inputs,
        out_channels=outputs, stride=[module.stride] * 2, padding=[module.padding] * 4, groups=1, **more)


class Sign(nn.Module):
    """sign(x), or sign(x - threshold) with a learned threshold for each of `channels`; window: SignActivation's."""

    def __init__(self, window, channels=0):
        super().__init__()
        self.window = window
        self.threshold = nn.Parameter(torch.zeros(1, channels, 1, 1)) if channels else None

    def forward(self, x):
        return SignActivation.apply(x if self.threshold is None else x - self.threshold, self.window)

    def write(self, writer, name, value):
        if self.threshold is None:
            return writer.add(name, "sign", [value])
        return writer.add(name, "sign", [value], threshold=writer.floats(f"{name}.threshold", self.threshold.flatten()))


class BinaryConv2d(nn.Module):
    """Of signs, with weights of +-alpha, or of +-1; gradient: binary_weight's.

    Without alpha the latent weights are kept within 1 while training (BinaryConnect, algorithm 1).
    """

    def __init__(self, inputs, outputs, size, stride=1, gradient="straight", alpha=True):
        super().__init__()
        self.weight = latent(outputs, inputs, size)
        self.stride, self.padding = stride, size // 2
        self.gradient, self.use_alpha = gradient, alpha

    def forward(self, signs):
        if self.training and not self.use_alpha:
            self.weight.data.clamp_(-1, 1)
        weight, alpha = binary_weight(self.weight, self.gradient, self.use_alpha)
        dots = F.conv2d(signs, weight, None, self.stride, self.padding).to(signs.dtype)
        return dots if alpha is None else dots * alpha.view(1, -1, 1, 1)

    def write(self, writer, name, value):
        """`name` is that of the layer; the node is `name`.conv."""
        alpha = alpha_of(self.weight).flatten() if self.use_alpha else None
        bits = writer.bits(f"{name}.weight", self.weight)
        return write_convolution(writer, name, "binary_conv2d", value, self, bits, alpha=alpha)
