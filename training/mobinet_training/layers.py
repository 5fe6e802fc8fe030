"""PyTorch's own layers, each of which writes itself into the graph of a model file.

`layer.write(writer, name, value)` adds the layer's nodes, which read the value of that name, and
returns the name of what they produce (docs/model-format.md). `layer.part` is what a node of it is called
within what it belongs to.
"""

import torch
from torch import nn
from torch.nn import functional as F


class Conv2d(nn.Conv2d):
    """A float convolution without bias."""

    part = "conv"

    def __init__(self, inputs, outputs, size, stride=1, groups=1):
        super().__init__(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)

    def write(self, writer, name, value):
        return writer.add(
            name, "conv2d", [value], weight=writer.floats(f"{name}.weight", self.weight),
            stride=list(self.stride), padding=list(self.padding) * 2, groups=self.groups,
        )


class BatchNorm2d(nn.BatchNorm2d):
    part = "norm"

    def write(self, writer, name, value, constants=None):
        """constants: the name of its tensors; several nodes of one name share them."""
        constants = constants or name
        return writer.add(
            name, "batch_norm", [value], epsilon=self.eps,
            mean=writer.floats(f"{constants}.mean", self.running_mean),
            variance=writer.floats(f"{constants}.variance", self.running_var),
            gamma=writer.floats(f"{constants}.gamma", self.weight),
            beta=writer.floats(f"{constants}.beta", self.bias),
        )


class PReLU(nn.PReLU):
    """One slope per channel."""

    part = "prelu"

    def write(self, writer, name, value):
        return writer.add(name, "prelu", [value], slope=writer.floats(f"{name}.slope", self.weight))


class ReLU(nn.ReLU):
    part = "relu"

    def write(self, writer, name, value):
        return writer.add(name, "relu", [value])


class Hardtanh(nn.Hardtanh):
    """Between -1 and 1."""

    def write(self, writer, name, value):
        return writer.add(name, "hard_tanh", [value])


class Shift(nn.Module):
    """Adds a learned bias per channel."""

    def __init__(self, channels):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x):
        return x + self.bias

    def write(self, writer, name, value):
        return writer.add(name, "affine", [value], bias=writer.floats(f"{name}.bias", self.bias.flatten()))


class MaxPool2d(nn.MaxPool2d):
    """The largest of 3x3, every other pixel."""

    part = "pool"

    def __init__(self):
        super().__init__(3, 2, 1)

    def write(self, writer, name, value):
        return writer.add(name, "max_pool2d", [value], kernel=[3, 3], stride=[2, 2], padding=[1, 1, 1, 1])


class AveragePool2d(nn.Module):
    """Halves height and width."""

    part = "pool"

    def forward(self, x):
        return F.avg_pool2d(x, 2)

    def write(self, writer, name, value):
        return writer.add(name, "average_pool2d", [value], kernel=[2, 2], stride=[2, 2], padding=[0, 0, 0, 0])


class Parts(nn.Sequential):
    """One after the other, each node named by its part."""

    def write(self, writer, name, value):
        for layer in self:
            value = layer.write(writer, f"{name}.{layer.part}", value)
        return value


class Chain(nn.Sequential):
    """One after the other, named by their places."""

    def write(self, writer, name, value):
        for place, layer in enumerate(self):
            value = layer.write(writer, f"{name}.{place}", value)
        return value


class Linear(nn.Linear):
    """The classifier; its weights in the file are float32 or, where the writer asks for it, int8."""

    def write(self, writer, name, value):
        weight = writer.head_weight("head.weight", self.weight)
        return writer.add(name, "dense", [value], **weight, bias=writer.floats("head.bias", self.bias))


def rectifier(channels, prelu):
    return PReLU(channels) if prelu else ReLU()
