"""BNN (Hubara et al., NeurIPS 2016) of ResNet-18: weights and activations of +-1, and nothing is scaled."""

from torch import nn

from ..layers import BatchNorm2d, Hardtanh
from .binary import BinaryConv2d, Sign
from .resnet18 import Residual, ResNet18


class Unit(nn.Module):
    """sign -> convolution -> batch norm; the sign's gradient passes where |x| <= 1."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.sign = Sign("clip")
        self.conv = BinaryConv2d(inputs, outputs, 3, stride, alpha=False)
        self.norm = BatchNorm2d(outputs)

    def forward(self, x):
        return self.norm(self.conv(self.sign(x)))

    def write(self, writer, name, value):
        x = self.conv.write(writer, name, self.sign.write(writer, f"{name}.sign", value))
        return self.norm.write(writer, f"{name}.norm", x)


class Block(Residual):
    """Two units, the shortcut, and a hard tanh of their sum."""

    def __init__(self, inputs, outputs, stride):
        super().__init__(Unit, inputs, outputs, stride)
        self.tanh = Hardtanh()

    def forward(self, x):
        return self.tanh(super().forward(x))

    def write(self, writer, name, value):
        return self.tanh.write(writer, f"{name}.tanh", super().write(writer, name, value))


class BNN(ResNet18):
    def __init__(self, width=1.0, classes=1000, stem_stride=2):
        super().__init__(Block, width, classes, stem_stride)
