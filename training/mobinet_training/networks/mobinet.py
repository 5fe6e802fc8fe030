"""MoBiNet (Phan et al., WACV 2020).

A unit of MoBiNet is sign -> binary convolution, scaled by alpha -> PReLU -> batch norm, plus a skip.
Nothing inside a block strides: a stride-2 block ends with a 2x2 average pool.
"""

import torch
from torch import nn
from torch.nn import functional as F

from ..layers import BatchNorm2d, Conv2d, Linear, Parts, rectifier
from .backbone import Backbone
from .mobilenet_v1 import BLOCKS, FloatBlock
from .signs import SignActivation, alpha_of, binary_weight


class Unit(nn.Module):
    """One binary convolution of a block, [N, inputs, H, W] -> [N, outputs, H, W]."""

    def __init__(self, inputs, outputs, size, groups, options):
        super().__init__()
        self.groups, self.padding = groups, size // 2
        self.window, self.gradient = options["window"], options["weight_gradient"]
        self.use_alpha, self.binary = options["alpha"], options["binary_weights"]
        self.weight = nn.Parameter(torch.empty(outputs, inputs // groups, size, size))
        nn.init.normal_(self.weight, std=0.02)
        self.levels = options["levels"]
        # One convolution a level: only of a linear function of the dots is the sum the function of the sum.
        self.prelu = rectifier(outputs, options["prelu"]) if self.levels == 1 else nn.Identity()
        self.norm = BatchNorm2d(outputs)
        # The stream is a sum of all units before: small steps keep it in the window of the sign.
        nn.init.constant_(self.norm.weight, 0.2 if options["skips"] else 1.0)
        if self.levels > 1:
            reach = 1 - 1 / self.levels
            places = torch.linspace(-reach, reach, self.levels)
            self.shifts = nn.Parameter(places.view(-1, 1, 1, 1).repeat(1, inputs, 1, 1))
        elif options["sign_shift"]:
            self.shift = nn.Parameter(torch.zeros(1, inputs, 1, 1))
        if options["prelu_shift"] and self.levels == 1:
            self.prelu_bias = nn.Parameter(torch.zeros(1, outputs, 1, 1))
        doubles = options["doubling_skip"] and outputs == 2 * inputs
        self.skip = options["skips"] and (outputs == inputs or doubles)
        self.doubles = doubles

    def signs(self, x):
        if self.levels > 1:
            return sum(SignActivation.apply(x - shift, self.window) for shift in self.shifts.split(1)) / self.levels
        return SignActivation.apply(x - self.shift if hasattr(self, "shift") else x, self.window)

    def dots(self, signs):
        """The convolution of signs with signs, and alpha, [outputs, 1, 1, 1], or None.

        Under autocast only the convolution is in bfloat16, in which whole numbers up to 256, and even ones
        up to 512, are exact: as many as there are taps up to width 0.5.
        """
        weight, alpha = self.weight, None
        if self.binary:
            weight, alpha = binary_weight(weight, self.gradient, self.use_alpha)
        return F.conv2d(signs, weight, None, 1, self.padding, 1, self.groups), alpha

    def respond(self, dots, alpha):
        """alpha, bias, PReLU and batch norm: a function with one kink per channel."""
        y = dots if alpha is None else dots * alpha.view(1, -1, 1, 1)
        if hasattr(self, "prelu_bias"):
            y = y + self.prelu_bias
        return self.norm(self.prelu(y))

    def added(self, y, x):
        """y and, where the unit skips, its input x."""
        if not self.skip:
            return y
        return y + (torch.cat([x, x], 1) if self.doubles else x)

    def forward(self, x):
        dots, alpha = self.dots(self.signs(x))
        return self.added(self.respond(dots.to(x.dtype), alpha), x)

    def write(self, writer, name, value):
        if not self.binary:
            raise SystemExit("the weights of this network are float: it is the first step of two")
        total = value if self.skip else None
        shifts = self.shifts.split(1) if self.levels > 1 else [self.shift] if hasattr(self, "shift") else [None]
        for level, shift in enumerate(shifts):
            part = name if self.levels == 1 else f"{name}.{level}"
            x = self.write_level(writer, name, part, value, shift)
            if self.skip and self.doubles and level == 0:
                total = writer.add(f"{name}.double", "concat", [value, value])
            total = x if total is None else writer.add(f"{part}.add", "add", [x, total])
        return total

    def write_level(self, writer, name, part, value, shift):
        """One threshold's share of the response; all that levels share, their weights too, is named by the unit."""
        constants = {} if shift is None else {"threshold": writer.floats(f"{part}.threshold", shift.flatten())}
        signs = writer.add(f"{part}.sign", "sign", [value], **constants)
        outputs, group, height, width = self.weight.shape
        constants = {}
        if self.use_alpha or self.levels > 1:
            alpha = alpha_of(self.weight).flatten() if self.use_alpha else torch.ones(outputs)
            constants["alpha"] = writer.floats(f"{name}.alpha", alpha / self.levels)
        x = writer.add(
            f"{part}.conv", "binary_conv2d", [signs], weight=writer.bits(f"{name}.weight", self.weight),
            kernel=[height, width], in_channels=group * self.groups, out_channels=outputs,
            stride=[1, 1], padding=[self.padding] * 4, groups=self.groups, **constants,
        )
        if self.levels > 1:
            norm = BatchNorm2d(outputs)
            norm.load_state_dict(self.norm.state_dict())
            norm.running_mean /= self.levels
            norm.bias.data /= self.levels
            return norm.write(writer, f"{part}.norm", x, f"{name}.norm")
        if hasattr(self, "prelu_bias"):
            bias = writer.floats(f"{name}.shift.bias", self.prelu_bias.flatten())
            x = writer.add(f"{name}.shift", "affine", [x], bias=bias)
        x = self.prelu.write(writer, f"{name}.prelu", x)
        return self.norm.write(writer, f"{name}.norm", x)


class FloatUnit(nn.Module):
    """A float depthwise 3x3 convolution and its input, [N, channels, H, W] -> the same."""

    def __init__(self, channels):
        super().__init__()
        self.conv, self.norm = Conv2d(channels, channels, 3, 1, channels), BatchNorm2d(channels)
        nn.init.constant_(self.norm.weight, 0.5)

    def forward(self, x):
        return x + self.norm(self.conv(x))

    def write(self, writer, name, value):
        x = self.norm.write(writer, f"{name}.norm", self.conv.write(writer, f"{name}.conv", value))
        return writer.add(f"{name}.add", "add", [x, value])


def groups_of(channels, k):
    """Groups of 2^k channels; fewer channels than that are one group. ValueError where a rest remains."""
    if channels > 2**k and channels % 2**k:
        raise ValueError(f"k is {k}: {channels} channels are not in groups of {2**k}")
    return max(1, channels // 2**k)


class Block(nn.Module):
    """Two or three units and, with stride 2, an average pool."""

    def __init__(self, inputs, outputs, stride, block, k, options):
        super().__init__()

        def depthwise(channels):
            return Unit(channels, channels, 3, groups_of(channels, k), options)

        def pointwise(a, b):
            return Unit(a, b, 1, 1, options)

        layouts = {
            "none": lambda: [depthwise(inputs), pointwise(inputs, outputs)],
            "lean": lambda: [FloatUnit(inputs), pointwise(inputs, outputs)],
            "pre": lambda: [pointwise(inputs, outputs), depthwise(outputs), pointwise(outputs, outputs)],
            "mid": lambda: [depthwise(inputs), pointwise(inputs, outputs), pointwise(outputs, outputs)],
            "post": lambda: [depthwise(inputs), pointwise(inputs, inputs), pointwise(inputs, outputs)],
        }
        self.units = nn.Sequential(*layouts[block]())
        self.stride = stride

    @property
    def is_binary(self):
        """Whether all units are binary, with one threshold a sign."""
        return all(isinstance(unit, Unit) and unit.levels == 1 for unit in self.units)

    def pool(self, x):
        return F.avg_pool2d(x, 2) if self.stride == 2 else x

    def forward(self, x):
        return self.pool(self.units(x))

    def write(self, writer, name, value):
        for place, unit in enumerate(self.units):
            value = unit.write(writer, f"{name}.{place}", value)
        if self.stride == 1:
            return value
        return writer.add(
            f"{name}.pool", "average_pool2d", [value], kernel=[2, 2], stride=[2, 2], padding=[0, 0, 0, 0])


class MoBiNet(Backbone):
    """[N, 3, size, size] -> logits [N, classes]; size is a multiple of 16 times the stem's stride.

    block: none, pre, mid, post; k: 2^k channels a group, 0..4; width: factor of all channels;
    stem_stride: 2, or 1 for pictures of 32 pixels, whose last maps would be of one pixel.
    Options, with the paper's value first: prelu (True) or ReLU; skips (True); doubling_skip
    (False): where a unit doubles the channels, its input concatenated with itself is added; window
    and weight_gradient as in SignActivation and binary_weight; alpha (True); sign_shift (False): a
    learned threshold per channel before each sign; prelu_shift (False): a learned bias per channel before
    each PReLU (as in ReActNet, whose second bias, after it, is the batch norm's here); binary_weights
    (True), or False for the first step of two, in which only activations are binary; float_blocks (0):
    so many blocks, from the first, and the stem are those of MobileNetV1.
    """

    def __init__(
        self, block="mid", k=3, width=1.0, classes=1000, prelu=True, skips=True, doubling_skip=True,
        window="triangle", weight_gradient="paper", alpha=True, sign_shift=False,
        prelu_shift=False, binary_weights=True, stem_stride=2, float_blocks=0,
        levels=1,
    ):
        super().__init__()
        if block not in ("none", "pre", "mid", "post", "lean"):
            raise ValueError(f"unknown block {block!r}: none, pre, mid, post or lean")
        if k not in range(5):
            raise ValueError(f"k is {k}: 0 to 4")
        options = {
            "prelu": prelu, "skips": skips and block != "none", "doubling_skip": doubling_skip,
            "window": window, "weight_gradient": weight_gradient, "alpha": alpha,
            "sign_shift": sign_shift, "prelu_shift": prelu_shift,
            "binary_weights": binary_weights, "levels": levels,
        }
        stem, last = int(32 * width), int(1024 * width)
        self.stem = Parts(
            Conv2d(3, stem, 3, stem_stride), BatchNorm2d(stem), rectifier(stem, prelu and not float_blocks))
        sizes = [(int(i * width), int(o * width), s) for i, o, s in BLOCKS]
        self.blocks = nn.Sequential(
            *(FloatBlock(*size, k == float_blocks) for k, size in enumerate(sizes[:float_blocks], 1)),
            *(Block(*size, block, k, options) for size in sizes[float_blocks:]),
        )
        self.head = Linear(last, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
