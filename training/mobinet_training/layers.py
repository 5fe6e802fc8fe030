"""PyTorch's own layers, each of which writes itself into the graph of a model file.

`layer.write(writer, name, value)` adds the layer's nodes, which read the value of that name, and
returns the name of what they produce (docs/model-format.md).
"""

from torch import nn


class Conv2d(nn.Conv2d):
    """A float convolution without bias."""

    def __init__(self, inputs, outputs, size, stride=1, groups=1):
        super().__init__(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)

    def write(self, writer, name, value):
        return writer.add(
            name, "conv2d", [value], weight=writer.floats(f"{name}.weight", self.weight),
            stride=list(self.stride), padding=list(self.padding) * 2, groups=self.groups,
        )


class BatchNorm2d(nn.BatchNorm2d):
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

    def write(self, writer, name, value):
        return writer.add(name, "prelu", [value], slope=writer.floats(f"{name}.slope", self.weight))


class ReLU(nn.ReLU):
    def write(self, writer, name, value):
        return writer.add(name, "relu", [value])


class Hardtanh(nn.Hardtanh):
    """Between -1 and 1."""

    def write(self, writer, name, value):
        return writer.add(name, "hard_tanh", [value])


class Linear(nn.Linear):
    """The classifier; its weights in the file are float32 or, where the writer asks for it, int8."""

    def write(self, writer, name, value):
        weight = writer.head_weight("head.weight", self.weight)
        return writer.add(name, "dense", [value], **weight, bias=writer.floats("head.bias", self.bias))


def rectifier(channels, prelu):
    return PReLU(channels) if prelu else ReLU()
