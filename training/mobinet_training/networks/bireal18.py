"""Bi-Real Net of 18 layers (Liu et al., ECCV 2018)."""

from torch import nn

from ..layers import BatchNorm2d, Chain
from .binary import BinaryConv2d, Sign
from .resnet18 import ResNet18, shortcut


class Unit(nn.Module):
    """sign -> binary convolution -> batch norm, and a shortcut around it.

    The sign's gradient is that of the paper's piecewise polynomial; weights are scaled by their mean size, and
    their sign's gradient passes where |w| <= 1.
    """

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.sign = Sign("polynomial")
        self.conv = BinaryConv2d(inputs, outputs, 3, stride)
        self.norm = BatchNorm2d(outputs)
        self.shortcut = shortcut(inputs, outputs, stride)

    def forward(self, x):
        return self.norm(self.conv(self.sign(x))) + self.shortcut(x)

    def write(self, writer, name, value):
        x = self.conv.write(writer, name, self.sign.write(writer, f"{name}.sign", value))
        x = self.norm.write(writer, f"{name}.norm", x)
        return writer.add(f"{name}.add", "add", [x, self.shortcut.write(writer, f"{name}.shortcut", value)])


def block(inputs, outputs, stride):
    return Chain(Unit(inputs, outputs, stride), Unit(outputs, outputs, 1))


class BiReal18(ResNet18):
    def __init__(self, width=1.0, classes=1000, stem_stride=2):
        super().__init__(block, width, classes, stem_stride)
