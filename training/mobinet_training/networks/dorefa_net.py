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

    Activations are x within 0 to 1, rounded to n = 2^k - 1 steps: a half and 1 / 2n of an odd number from -n to n,
    which the file has as k bits, of one bit as a sign. What a half adds to each sum is part of the batch norm, and a
    border of 0 is -n. Both gradients are straight through.
    """

    def __init__(self, bits, inputs, outputs, stride):
        super().__init__()
        self.bits, self.steps = bits, 2**bits - 1
        self.weight = latent(outputs, inputs, 3)
        self.stride, self.padding = stride, 1
        self.norm = BatchNorm2d(outputs)

    def forward(self, x):
        x = x.clamp(0, 1)
        x = straight_through(x, torch.ceil(x * self.steps - 0.5) / self.steps)
        weight = straight_through(self.weight, sign(self.weight) * self.weight.abs().mean())
        return self.norm(F.conv2d(x, weight, None, self.stride, self.padding))

    def write(self, writer, name, value):
        thresholds = (torch.arange(self.steps) + 0.5) / self.steps
        if self.bits == 1:
            threshold = writer.floats(f"{name}.sign.threshold", thresholds)
            numbers, more = writer.add(f"{name}.sign", "sign", [value], threshold=threshold), {}
        else:
            rows = writer.floats(f"{name}.levels.thresholds", thresholds[:, None])
            numbers, more = writer.add(f"{name}.levels", "levels", [value], thresholds=rows), {"bits": self.bits}
        bits = writer.bits(f"{name}.weight", self.weight)
        alpha = self.weight.detach().abs().mean().repeat(len(self.weight))
        sums = write_convolution(
            writer, name, "binary_conv2d", numbers, self, bits, alpha=alpha / 2 / self.steps, padding_value=-1, **more)
        norm = copy.deepcopy(self.norm)
        norm.running_mean -= alpha / 2 * sign(self.weight.detach()).sum((1, 2, 3))
        return norm.write(writer, f"{name}.norm", sums)


class DoReFaNet(ResNet18):
    """activation_bits (k): 1 to 4."""

    def __init__(self, width=1.0, classes=1000, stem_stride=2, activation_bits=1):
        if activation_bits not in range(1, 5):
            raise ValueError(f"activations of {activation_bits} bits: 1 to 4")
        super().__init__(partial(Residual, partial(Unit, activation_bits)), width, classes, stem_stride)
