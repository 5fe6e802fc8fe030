"""ReActNet-A (Liu et al., ECCV 2020), on the blocks of MobileNet v1."""

import torch
from torch import nn

from ..layers import AveragePool2d, BatchNorm2d, Conv2d, Linear, Parts, PReLU, Shift
from .backbone import Backbone
from .binary import BinaryConv2d, Sign
from .mobilenet_v1 import BLOCKS


class RPReLU(nn.Module):
    """PReLU between two learned shifts."""

    def __init__(self, channels):
        super().__init__()
        self.before, self.prelu, self.after = Shift(channels), PReLU(channels), Shift(channels)

    def forward(self, x):
        return self.after(self.prelu(self.before(x)))

    def write(self, writer, name, value):
        for part in ("before", "prelu", "after"):
            value = getattr(self, part).write(writer, f"{name}.{part}", value)
        return value


class Convolution(nn.Module):
    """Binary convolution -> batch norm."""

    def __init__(self, channels, size, stride=1):
        super().__init__()
        self.conv, self.norm = BinaryConv2d(channels, channels, size, stride), BatchNorm2d(channels)

    def forward(self, signs):
        return self.norm(self.conv(signs))

    def write(self, writer, name, value):
        return self.norm.write(writer, f"{name}.norm", self.conv.write(writer, name, value))


class Block(nn.Module):
    """A dense 3x3 convolution, then a 1x1: where channels double two, side by side, each with the skip.

    Signs have a threshold per channel (RSign), with the gradient of Bi-Real Net's polynomial.
    """

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.sign, self.spatial = Sign("polynomial", inputs), Convolution(inputs, 3, stride)
        self.pool, self.relu = Parts(*[AveragePool2d()] * (stride - 1)), RPReLU(inputs)
        self.point_sign = Sign("polynomial", inputs)
        self.points = nn.ModuleList(Convolution(inputs, 1) for _ in range(outputs // inputs))
        self.point_relu = RPReLU(outputs)

    def forward(self, x):
        x = self.relu(self.spatial(self.sign(x)) + self.pool(x))
        signs = self.point_sign(x)
        return self.point_relu(torch.cat([point(signs) + x for point in self.points], 1))

    def write(self, writer, name, value):
        at = f"{name}.0"
        x = self.spatial.write(writer, at, self.sign.write(writer, f"{at}.sign", value))
        x = writer.add(f"{at}.add", "add", [x, self.pool.write(writer, at, value)])
        x = self.relu.write(writer, at, x)
        at = f"{name}.1"
        signs = self.point_sign.write(writer, f"{at}.sign", x)
        halves = [
            writer.add(f"{at}.{half}.add", "add", [point.write(writer, f"{at}.{half}", signs), x])
            for half, point in enumerate(self.points)]
        joined = halves[0] if len(halves) == 1 else writer.add(f"{at}.concat", "concat", halves)
        return self.point_relu.write(writer, at, joined)


class ReActNetA(Backbone):
    """[N, 3, size, size] -> logits [N, classes]; stem_stride: 2, or 1 for pictures of 32 pixels."""

    def __init__(self, width=1.0, classes=1000, stem_stride=2):
        super().__init__()
        stem = int(32 * width)
        self.stem = Parts(Conv2d(3, stem, 3, stem_stride), BatchNorm2d(stem))
        self.blocks = nn.Sequential(*(Block(int(i * width), int(o * width), s) for i, o, s in BLOCKS))
        self.head = Linear(int(1024 * width), classes)
