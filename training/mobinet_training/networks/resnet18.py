"""ResNet-18 (He et al., 2016), whatever its blocks are.

Its own stem, 7x7 with stride 2 and a pool with stride 2, leaves a picture of 32 pixels a map of 8, and the last stage
one pixel. For small pictures the stem is one 3x3 convolution, of stride 2 or 1.
"""

from torch import nn

from ..layers import AveragePool2d, BatchNorm2d, Chain, Conv2d, Linear, MaxPool2d, Parts, ReLU
from .backbone import Backbone

STAGES = (64, 128, 256, 512)


def shortcut(inputs, outputs, stride):
    """The input itself or, where a block changes its shape, a pool, a float 1x1 convolution and batch norm of it."""
    if stride == 1 and inputs == outputs:
        return Parts()
    return Parts(AveragePool2d(), Conv2d(inputs, outputs, 1), BatchNorm2d(outputs))


class Residual(nn.Module):
    """Two units and a shortcut around both; unit(inputs, outputs, stride)."""

    def __init__(self, unit, inputs, outputs, stride):
        super().__init__()
        self.units = Chain(unit(inputs, outputs, stride), unit(outputs, outputs, 1))
        self.shortcut = shortcut(inputs, outputs, stride)

    def forward(self, x):
        return self.units(x) + self.shortcut(x)

    def write(self, writer, name, value):
        x = self.units.write(writer, name, value)
        return writer.add(f"{name}.add", "add", [x, self.shortcut.write(writer, f"{name}.shortcut", value)])


class ResNet18(Backbone):
    """[N, 3, size, size] -> logits [N, classes].

    block(inputs, outputs, stride): one of the eight, of two convolutions; width: factor of all channels;
    stem_stride: 1 or 2, a 3x3 convolution; 4, ResNet's own 7x7 and pool.
    """

    def __init__(self, block, width, classes, stem_stride):
        super().__init__()
        if stem_stride not in (1, 2, 4):
            raise ValueError(f"the stem's stride is {stem_stride}: 1, 2 or 4")
        sizes = [int(channels * width) for channels in STAGES]
        first = Conv2d(3, sizes[0], 7, 2) if stem_stride == 4 else Conv2d(3, sizes[0], 3, stem_stride)
        pool = [MaxPool2d()] if stem_stride == 4 else []
        self.stem = Parts(first, BatchNorm2d(sizes[0]), ReLU(), *pool)
        blocks = []
        for inputs, outputs in zip([sizes[0], *sizes], sizes):
            blocks += [block(inputs, outputs, 1 if inputs == outputs else 2), block(outputs, outputs, 1)]
        self.blocks = nn.Sequential(*blocks)
        self.head = Linear(sizes[-1], classes)

    def block_name(self, index):
        return f"stages.{index // 2}.{index % 2}"
