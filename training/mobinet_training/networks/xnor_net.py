"""XNOR-Net (Rastegari et al., ECCV 2016) of ResNet-18."""

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from ..layers import BatchNorm2d
from .binary import BinaryConv2d, Sign
from .resnet18 import Residual, ResNet18


class Unit(nn.Module):
    """batch norm -> sign -> binary convolution, times alpha and K: the mean size of what each window has read.

    The weights' gradient is that of alpha sign(w), alpha's part included (eq. 5 of MoBiNet's paper); the sign's
    passes where |x| <= 1.
    """

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.norm = BatchNorm2d(inputs)
        self.sign = Sign("clip")
        self.conv = BinaryConv2d(inputs, outputs, 3, stride, gradient="paper")

    def forward(self, x):
        normal = self.norm(x)
        size = F.avg_pool2d(normal.abs().mean(1, keepdim=True), 3, self.conv.stride, 1)
        return self.conv(self.sign(normal)) * size

    def write(self, writer, name, value):
        normal = self.norm.write(writer, f"{name}.norm", value)
        dots = self.conv.write(writer, name, self.sign.write(writer, f"{name}.sign", normal))
        sizes = writer.add(f"{name}.size", "prelu", [normal], slope=writer.floats(f"{name}.size.slope", -torch.ones(1)))
        channels, stride = self.norm.num_features, self.conv.stride
        for part, inputs, side, step in (("mean", channels, 1, 1), ("K", 1, 3, stride)):
            weight = torch.full((1, inputs, side, side), 1 / (inputs * side * side))
            sizes = writer.add(
                f"{name}.{part}.conv", "conv2d", [sizes], weight=writer.floats(f"{name}.{part}.weight", weight),
                stride=[step] * 2, padding=[side // 2] * 4, groups=1)
        return writer.add(f"{name}.scaled", "multiply", [dots, sizes])


class XnorResNet18(ResNet18):
    def __init__(self, width=1.0, classes=1000, stem_stride=2):
        super().__init__(partial(Residual, Unit), width, classes, stem_stride)
