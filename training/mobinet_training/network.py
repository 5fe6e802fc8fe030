"""MoBiNet (Phan et al., WACV 2020) and the float MobileNet v1 beside it, as PyTorch modules.

A unit of MoBiNet is sign -> binary convolution, scaled by alpha -> PReLU -> batch norm, plus a skip.
Nothing inside a block strides: a stride-2 block ends with a 2x2 average pool.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .layers import BatchNorm2d, Conv2d, Linear, ReLU, rectifier

# (in, out, stride) of the thirteen blocks at width 1, as in MobileNet v1.
BLOCKS = (
    [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)]
    + [(512, 512, 1)] * 5
    + [(512, 1024, 2), (1024, 1024, 1)]
)


def sign(x):
    """+1 where x > 0, else -1 (eq. 1): sign(0) = sign(-0) = -1."""
    return (x > 0).to(x.dtype).mul_(2).sub_(1)


class SignActivation(torch.autograd.Function):
    """sign, whose gradient passes through a window around 0.

    window: 'clip', 1 up to |x| = 1 (the paper's straight-through estimator);
    'polynomial', 2 - 2|x| up to |x| = 1 (Bi-Real Net); 'triangle', 1 - |x| / 2 up to |x| = 2.
    """

    @staticmethod
    def forward(ctx, x, window):
        ctx.save_for_backward(x)
        ctx.window = window
        return sign(x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        size = x.abs()
        # In place: on a CPU new memory costs more than the arithmetic.
        if ctx.window == "clip":
            slope = (size <= 1).to(x.dtype)
        elif ctx.window == "polynomial":
            slope = size.mul_(-2).add_(2).clamp_(min=0)
        elif ctx.window == "triangle":
            slope = size.mul_(-0.5).add_(1).clamp_(min=0)
        else:
            raise ValueError(f"unknown window {ctx.window!r}: clip, polynomial or triangle")
        return slope.mul_(gradient), None


class SignWeight(torch.autograd.Function):
    """sign(w), whose gradient, divided by `scale` where there is one, passes where |w| <= 1."""

    @staticmethod
    def forward(ctx, w, scale):
        ctx.save_for_backward(w, scale)
        return sign(w)

    @staticmethod
    def backward(ctx, gradient):
        w, scale = ctx.saved_tensors
        passed = gradient * (w.abs() <= 1).to(w.dtype)
        return (passed if scale is None else passed / scale), None


def binary_weight(w, gradient, use_alpha):
    """sign(w) and alpha, [outputs, 1, 1, 1], or None; the weight w^ is alpha_i * sign(w_ij) (eq. 3).

    gradient: 'paper', eq. 5:
        dL/dw_ij = sign(w_ij) / p * sum_k [dL/dw^_ik * sign(w_ik)] + alpha_i * dL/dw^_ij * [|w_ij| <= 1]
    its first part is what comes through alpha, its second what comes through the sign;
    'straight': dL/dw^_ij * [|w_ij| <= 1].
    """
    if gradient not in ("paper", "straight"):
        raise ValueError(f"unknown gradient {gradient!r}: paper or straight")
    if not use_alpha:
        return SignWeight.apply(w, None), None
    alpha = alpha_of(w)
    if gradient == "paper":
        return SignWeight.apply(w, None), alpha
    alpha = alpha.detach()
    return SignWeight.apply(w, alpha), alpha


def alpha_of(w):
    """mean |w| of each filter, [outputs, 1, 1, 1]."""
    return w.abs().mean(dim=(1, 2, 3), keepdim=True)


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


class FloatBlock(nn.Sequential):
    """Depthwise and pointwise convolution, each with batch norm and ReLU."""

    def __init__(self, inputs, outputs, stride, before_signs=False):
        def convolve(a, b, size, stride, groups, linear=False):
            return nn.Sequential(Conv2d(a, b, size, stride, groups), BatchNorm2d(b), *([] if linear else [ReLU()]))

        super().__init__(
            convolve(inputs, inputs, 3, stride, inputs), convolve(inputs, outputs, 1, 1, 1, before_signs))

    def write(self, writer, name, value):
        for place, layers in enumerate(self):
            for layer, part in zip(layers, ("conv", "norm", "relu")):
                value = layer.write(writer, f"{name}.{place}.{part}", value)
        return value


class Backbone(nn.Module):
    """[N, 3, size, size] -> logits [N, classes]: stem, thirteen blocks, global average pool, head."""

    def features(self, x):
        """[N, 3, size, size] -> [N, channels], what the head reads."""
        return self.blocks(self.stem(x).to(x.dtype)).mean((2, 3))

    def forward(self, x):
        return self.head(self.features(x))

    def write(self, writer, name, value):
        """`name` is the input's of the graph; returns that of the logits."""
        rectified = "relu" if isinstance(self.stem[2], ReLU) else "prelu"
        for layer, part in zip(self.stem, ("conv", "norm", rectified)):
            value = layer.write(writer, f"stem.{part}", value)
        for index, block in enumerate(self.blocks):
            value = block.write(writer, f"blocks.{index}", value)
        value = writer.add("pool", "global_average_pool", [value])
        return self.head.write(writer, name, value)


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
        self.stem = nn.Sequential(
            Conv2d(3, stem, 3, stem_stride), BatchNorm2d(stem), rectifier(stem, prelu and not float_blocks))
        sizes = [(int(i * width), int(o * width), s) for i, o, s in BLOCKS]
        self.blocks = nn.Sequential(
            *(FloatBlock(*size, k == float_blocks) for k, size in enumerate(sizes[:float_blocks], 1)),
            *(Block(*size, block, k, options) for size in sizes[float_blocks:]),
        )
        self.head = Linear(last, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)


class MobileNetV1(Backbone):
    """Float MobileNet v1 (Howard et al., 2017), [N, 3, size, size] -> logits [N, classes]."""

    def __init__(self, width=1.0, classes=1000, stem_stride=2):
        super().__init__()
        stem, last = int(32 * width), int(1024 * width)
        self.stem = nn.Sequential(Conv2d(3, stem, 3, stem_stride), BatchNorm2d(stem), ReLU())
        self.blocks = nn.Sequential(*(FloatBlock(int(i * width), int(o * width), s) for i, o, s in BLOCKS))
        self.head = Linear(last, classes)


def build(settings):
    """The network of a checkpoint's `network` settings: a dict with `kind` and its arguments."""
    arguments = {key: value for key, value in settings.items() if key != "kind"}
    kinds = {"mobinet": MoBiNet, "mobilenet_v1": MobileNetV1}
    return kinds[settings["kind"]](**arguments)
