"""DoReFa-Net (Zhou et al., 2016) of ResNet-18: weights of one bit and activations of k; gradients stay float."""

import copy
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from ..layers import BatchNorm2d
from .binary import latent, write_convolution
from .resnet18 import Residual, ResNet18
from .signs import sign, straight_through


class Unit(nn.Module):
    """Activations of k bits -> convolution with weights of +-E|w|, one number a layer -> batch norm.

    Activations are x within 0 to 1, rounded to n = 2^k - 1 steps: a half and half of the mean of n signs, at
    thresholds (j - 1/2) / n. So the file has n binary convolutions with the same bits; what a half adds to each sum is
    part of the batch norm, and a border of 0 is a sign of -1. Both gradients are straight through.
    """

    def __init__(self, bits, inputs, outputs, stride):
        super().__init__()
        self.steps = 2**bits - 1
        self.weight = latent(outputs, inputs, 3)
        self.stride, self.padding = stride, 1
        self.norm = BatchNorm2d(outputs)

    def forward(self, x):
        x = x.clamp(0, 1)
        x = straight_through(x, torch.ceil(x * self.steps - 0.5) / self.steps)
        weight = straight_through(self.weight, sign(self.weight) * self.weight.abs().mean())
        return self.norm(F.conv2d(x, weight, None, self.stride, self.padding))

    def write(self, writer, name, value):
        bits, total = writer.bits(f"{name}.weight", self.weight), None
        alpha = self.weight.detach().abs().mean().repeat(len(self.weight))
        for step in range(self.steps):
            at = f"{name}.{step}"
            threshold = writer.floats(f"{at}.sign.threshold", torch.full((1,), (step + 0.5) / self.steps))
            signs = writer.add(f"{at}.sign", "sign", [value], threshold=threshold)
            x = write_convolution(
                writer, at, "binary_conv2d", signs, self, bits, alpha=alpha / (2 * self.steps), padding_value=-1)
            total = x if total is None else writer.add(f"{at}.add", "add", [total, x])
        norm = copy.deepcopy(self.norm)
        norm.running_mean -= alpha / 2 * sign(self.weight.detach()).sum((1, 2, 3))
        return norm.write(writer, f"{name}.norm", total)


class DoReFaNet(ResNet18):
    """activation_bits (k): 1 to 4."""

    def __init__(self, width=1.0, classes=1000, stem_stride=2, activation_bits=1):
        if activation_bits not in range(1, 5):
            raise ValueError(f"activations of {activation_bits} bits: 1 to 4")
        super().__init__(partial(Residual, partial(Unit, activation_bits)), width, classes, stem_stride)
