"""Networks of ResNet-18 whose weights are binary or ternary, and whose activations are float32.

BinaryConnect (Courbariaux et al., NeurIPS 2015), BWN (Rastegari et al., ECCV 2016), TWN (Li et al., 2016).
"""

from functools import partial

from torch import nn
from torch.nn import functional as F

from ..layers import BatchNorm2d, ReLU
from .binary import latent, write_convolution
from .resnet18 import Residual, ResNet18
from .signs import alpha_of, binary_weight, sign, straight_through


class BitWeightConv2d(nn.Module):
    """A convolution of floats, [N, inputs, H, W] -> [N, outputs, H, W]; a family says what its weights are."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.weight = latent(outputs, inputs, 3)
        self.stride, self.padding = stride, 1

    def forward(self, x):
        return F.conv2d(x, self.quantised(), None, self.stride, self.padding)

    def write(self, writer, name, value):
        """The node is `name`.conv."""
        bits = writer.bits(f"{name}.weight", self.weight)
        return write_convolution(writer, name, "binary_weight_conv2d", value, self, bits, alpha=self.alpha())


class ConnectConv2d(BitWeightConv2d):
    """+-1; the gradient passes where |w| <= 1, and w is kept there while training (algorithm 1)."""

    def quantised(self):
        if self.training:
            self.weight.data.clamp_(-1, 1)
        return binary_weight(self.weight, "straight", False)[0]

    def alpha(self):
        return None


class ScaledConv2d(BitWeightConv2d):
    """+-alpha, the mean size of each filter; its gradient includes alpha's part."""

    def quantised(self):
        signs, alpha = binary_weight(self.weight, "paper", True)
        return signs * alpha

    def alpha(self):
        return alpha_of(self.weight).flatten()


class TernaryConv2d(BitWeightConv2d):
    """-alpha, 0 and alpha: 0 where |w| is at most `threshold` times the filter's mean; the gradient is straight through.

    alpha is the mean size of those of the filter that are not 0.
    """

    def __init__(self, threshold, inputs, outputs, stride):
        super().__init__(inputs, outputs, stride)
        self.threshold = threshold

    def nonzero(self):
        return (self.weight.abs() > self.threshold * alpha_of(self.weight)).to(self.weight.dtype)

    def alpha(self):
        kept = self.nonzero()
        return ((self.weight.abs() * kept).sum((1, 2, 3)) / kept.sum((1, 2, 3)).clamp(min=1)).detach()

    def quantised(self):
        ternary = sign(self.weight) * self.nonzero() * self.alpha().view(-1, 1, 1, 1)
        return straight_through(self.weight, ternary)

    def write(self, writer, name, value):
        kept = self.nonzero()
        return write_convolution(
            writer, name, "binary_weight_conv2d", value, self, writer.bits(f"{name}.weight", self.weight * kept),
            writer.bits(f"{name}.nonzero", kept), self.alpha())


class Unit(nn.Module):
    """convolution -> batch norm -> ReLU, or none where `relu` is None."""

    def __init__(self, convolution, inputs, outputs, stride):
        super().__init__()
        self.conv, self.norm = convolution(inputs, outputs, stride), BatchNorm2d(outputs)
        self.relu = ReLU()

    def forward(self, x):
        x = self.norm(self.conv(x))
        return x if self.relu is None else self.relu(x)

    def write(self, writer, name, value):
        x = self.norm.write(writer, f"{name}.norm", self.conv.write(writer, name, value))
        return x if self.relu is None else self.relu.write(writer, f"{name}.relu", x)


class Block(Residual):
    """Two units, the first with a ReLU, and a ReLU of the sum."""

    def __init__(self, convolution, inputs, outputs, stride):
        super().__init__(partial(Unit, convolution), inputs, outputs, stride)
        self.units[1].relu, self.relu = None, ReLU()

    def forward(self, x):
        return self.relu(super().forward(x))

    def write(self, writer, name, value):
        return self.relu.write(writer, f"{name}.relu", super().write(writer, name, value))


class BinaryConnect(ResNet18):
    def __init__(self, width=1.0, classes=1000, stem_stride=2):
        super().__init__(partial(Block, ConnectConv2d), width, classes, stem_stride)


class BWN(ResNet18):
    def __init__(self, width=1.0, classes=1000, stem_stride=2):
        super().__init__(partial(Block, ScaledConv2d), width, classes, stem_stride)


class TWN(ResNet18):
    """ternary_threshold: the paper's 0.7."""

    def __init__(self, width=1.0, classes=1000, stem_stride=2, ternary_threshold=0.7):
        super().__init__(partial(Block, partial(TernaryConv2d, ternary_threshold)), width, classes, stem_stride)
