"""MoBiNet (Phan et al., WACV 2020) and the float MobileNet v1 beside it, as PyTorch modules.

A unit of MoBiNet is sign -> binary convolution, scaled by alpha -> PReLU -> batch norm, plus a skip.
Nothing inside a block strides: a stride-2 block ends with a 2x2 average pool.
"""

import torch
from torch import nn
from torch.nn import functional as F

# (in, out, stride) of the thirteen blocks at width 1, as in MobileNet v1.
BLOCKS = (
    [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)]
    + [(512, 512, 1)] * 5
    + [(512, 1024, 2), (1024, 1024, 1)]
)


def sign(x):
    """+1 where x > 0, else -1 (eq. 1): sign(0) = sign(-0) = -1."""
    return torch.where(x > 0, torch.ones_like(x), -torch.ones_like(x))


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
        if ctx.window == "clip":
            slope = (size <= 1).to(x.dtype)
        elif ctx.window == "polynomial":
            slope = (2 - 2 * size).clamp(min=0)
        elif ctx.window == "triangle":
            slope = (1 - size / 2).clamp(min=0)
        else:
            raise ValueError(f"unknown window {ctx.window!r}: clip, polynomial or triangle")
        return gradient * slope, None


class BinaryWeight(torch.autograd.Function):
    """alpha_i * sign(w_i), alpha_i = mean |w_i| over the i-th filter (eq. 3).

    gradient: 'paper', eq. 5:
        dL/dw_ij = sign(w_ij) / p * sum_k [dL/dw^_ik * sign(w_ik)] + alpha_i * dL/dw^_ij * [|w_ij| <= 1]
    'straight': dL/dw^_ij * [|w_ij| <= 1].
    """

    @staticmethod
    def forward(ctx, w, gradient, use_alpha):
        ctx.save_for_backward(w)
        ctx.gradient, ctx.use_alpha = gradient, use_alpha
        return sign(w) * alpha_of(w) if use_alpha else sign(w)

    @staticmethod
    def backward(ctx, gradient):
        (w,) = ctx.saved_tensors
        inside = (w.abs() <= 1).to(w.dtype)
        if ctx.gradient == "straight":
            return gradient * inside, None, None
        if ctx.gradient != "paper":
            raise ValueError(f"unknown gradient {ctx.gradient!r}: paper or straight")
        if not ctx.use_alpha:
            return gradient * inside, None, None
        s = sign(w)
        mean = (gradient * s).mean(dim=(1, 2, 3), keepdim=True)
        return s * mean + alpha_of(w) * gradient * inside, None, None


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
        self.prelu = nn.PReLU(outputs) if options["prelu"] else nn.ReLU()
        self.norm = nn.BatchNorm2d(outputs)
        # The stream is a sum of all units before: small steps keep it in the window of the sign.
        nn.init.constant_(self.norm.weight, 0.2 if options["skips"] else 1.0)
        if options["sign_shift"]:
            self.shift = nn.Parameter(torch.zeros(1, inputs, 1, 1))
        if options["prelu_shift"]:
            self.prelu_bias = nn.Parameter(torch.zeros(1, outputs, 1, 1))
        doubles = options["doubling_skip"] and outputs == 2 * inputs
        self.skip = options["skips"] and (outputs == inputs or doubles)
        self.doubles = doubles

    def forward(self, x):
        signs = SignActivation.apply(x - self.shift if hasattr(self, "shift") else x, self.window)
        weight = self.weight
        if self.binary:
            weight = BinaryWeight.apply(weight, self.gradient, self.use_alpha)
        # Under autocast only the convolution is in bfloat16: x, a sum over many units, is not.
        y = F.conv2d(signs, weight, None, 1, self.padding, 1, self.groups).to(x.dtype)
        if hasattr(self, "prelu_bias"):
            y = y + self.prelu_bias
        y = self.norm(self.prelu(y))
        if not self.skip:
            return y
        return y + (torch.cat([x, x], 1) if self.doubles else x)


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
            "pre": lambda: [pointwise(inputs, outputs), depthwise(outputs), pointwise(outputs, outputs)],
            "mid": lambda: [depthwise(inputs), pointwise(inputs, outputs), pointwise(outputs, outputs)],
            "post": lambda: [depthwise(inputs), pointwise(inputs, inputs), pointwise(inputs, outputs)],
        }
        self.units = nn.Sequential(*layouts[block]())
        self.stride = stride

    def forward(self, x):
        x = self.units(x)
        return F.avg_pool2d(x, 2) if self.stride == 2 else x


class MoBiNet(nn.Module):
    """[N, 3, size, size] -> logits [N, classes]; size is a multiple of 32.

    block: none, pre, mid, post; k: 2^k channels a group, 0..4; width: factor of all channels.
    Options, with the paper's value first: prelu (True) or ReLU; skips (True); doubling_skip
    (False): where a unit doubles the channels, its input concatenated with itself is added; window
    and weight_gradient as in SignActivation and BinaryWeight; alpha (True); sign_shift (False): a
    learned threshold a channel before each sign; prelu_shift (False): a learned bias a channel before
    each PReLU (as in ReActNet, whose second bias, after it, is the batch norm's here); binary_weights
    (True), or False for the first step of two, in which only activations are binary.
    """

    def __init__(
        self, block="mid", k=3, width=1.0, classes=1000, prelu=True, skips=True, doubling_skip=True,
        window="triangle", weight_gradient="paper", alpha=True, sign_shift=False,
        prelu_shift=False, binary_weights=True,
    ):
        super().__init__()
        if block not in ("none", "pre", "mid", "post"):
            raise ValueError(f"unknown block {block!r}: none, pre, mid or post")
        if k not in range(5):
            raise ValueError(f"k is {k}: 0 to 4")
        options = {
            "prelu": prelu, "skips": skips and block != "none", "doubling_skip": doubling_skip,
            "window": window, "weight_gradient": weight_gradient, "alpha": alpha,
            "sign_shift": sign_shift, "prelu_shift": prelu_shift,
            "binary_weights": binary_weights,
        }
        stem, last = int(32 * width), int(1024 * width)
        self.stem = nn.Sequential(
            nn.Conv2d(3, stem, 3, 2, 1, bias=False),
            nn.BatchNorm2d(stem),
            nn.PReLU(stem) if prelu else nn.ReLU(),
        )
        self.blocks = nn.Sequential(
            *(Block(int(i * width), int(o * width), s, block, k, options) for i, o, s in BLOCKS)
        )
        self.head = nn.Linear(last, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x).to(x.dtype)).mean((2, 3)))


class MobileNetV1(nn.Module):
    """Float MobileNet v1 (Howard et al., 2017), [N, 3, size, size] -> logits [N, classes]."""

    def __init__(self, width=1.0, classes=1000):
        super().__init__()

        def convolve(a, b, size, stride, groups):
            return nn.Sequential(
                nn.Conv2d(a, b, size, stride, size // 2, groups=groups, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(),
            )

        stem, last = int(32 * width), int(1024 * width)
        self.stem = convolve(3, stem, 3, 2, 1)
        self.blocks = nn.Sequential(*(
            nn.Sequential(
                convolve(int(i * width), int(i * width), 3, s, int(i * width)),
                convolve(int(i * width), int(o * width), 1, 1, 1),
            )
            for i, o, s in BLOCKS
        ))
        self.head = nn.Linear(last, classes)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))


def build(settings):
    """The network of a checkpoint's `network` settings: a dict with `kind` and its arguments."""
    arguments = {key: value for key, value in settings.items() if key != "kind"}
    kinds = {"mobinet": MoBiNet, "mobilenet_v1": MobileNetV1}
    return kinds[settings["kind"]](**arguments)
