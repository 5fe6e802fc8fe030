"""The network as the runtime computes it with an int16 stream, bit for bit (docs/fixed-point.md).

The stream is kept in float32, as whole multiples of 2^-fraction, which are exact there. Forward is the
runtime's arithmetic; gradients are those of the float network, straight through all rounding. Batch
norms use their running statistics: with those of a batch there are no constants to round.
"""

import torch
from torch.nn import functional as F

from .networks import signs
from .fixed_point import MAX

INPUT_UNITS = 4096  # the stem reads its input in multiples of 2^-12


class Replace(torch.autograd.Function):
    """`exact` forward, and the gradient to y."""

    @staticmethod
    def forward(ctx, y, exact):
        return exact.to(y.dtype)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def nearest(x):
    """To the nearest whole number, halves up, as Math.round."""
    return torch.floor(x + 0.5)


def saturate(x):
    return x.clamp(-MAX - 1, MAX)


def double(tensor):
    return tensor.detach().double().flatten()


class Kinked:
    """value + (right if x > knee else left) * (x - knee), float64 per channel, as src/plan/piecewise-linear.ts."""

    def __init__(self, knee, value, slope):
        self.knee, self.value, self.left, self.right = knee, value, slope, slope

    def rescale(self, scale, bias):
        self.value, self.left, self.right = self.value * scale + bias, self.left * scale, self.right * scale

    def rectify(self, rectifier):
        """PReLU or ReLU of a function that does not bend yet."""
        slope = 0.0 if isinstance(rectifier, torch.nn.ReLU) else double(rectifier.weight)
        flat, falls = self.left == 0, self.left < 0
        bent = self.left * slope
        constant = torch.where(self.value > 0, self.value, slope * self.value)
        self.knee = torch.where(flat, torch.zeros_like(self.knee), self.knee - self.value / self.left)
        self.value = torch.where(flat, constant, torch.zeros_like(self.value))
        self.left, self.right = torch.where(falls, self.left, bent), torch.where(falls, bent, self.right)

    def normalise(self, norm):
        scale = double(norm.weight) / (double(norm.running_var) + norm.eps).sqrt()
        self.rescale(scale, double(norm.bias) - double(norm.running_mean) * scale)


def unit_response(unit, dots, alpha, fraction):
    """What the unit adds to the stream, in units of it, for whole numbers `dots`, [N, C, H, W]; int32."""
    outputs, group, height, width = unit.weight.shape
    taps = group * height * width
    step = 1 if unit.padding and group % 2 else 2
    channels = torch.ones(outputs, dtype=torch.float64, device=dots.device)
    f = Kinked(taps / step * channels, 0 * channels, -step * (channels if alpha is None else double(alpha)))
    if hasattr(unit, "prelu_bias"):
        f.rescale(1.0, double(unit.prelu_bias))
    f.rectify(unit.prelu)
    f.normalise(unit.norm)

    most, units = 2 * taps / step, 2.0**fraction
    bends = (f.knee > 0) & (f.knee < most)
    knee = torch.where(bends, f.knee, most / 2 * channels)
    line = torch.where(f.knee <= 0, f.right, f.left)
    scale = torch.floor(MAX / torch.maximum(knee, most - knee))
    per_count = units * 2**15 / scale
    left = nearest(torch.where(bends, f.left, line) * per_count)
    right = nearest(torch.where(bends, f.right, line) * per_count)
    offset = nearest(torch.where(bends, f.value, f.value + line * (knee - f.knee)) * units)
    # While training, a slope may leave the range; export.py finds a fraction with which none does.
    whole = [saturate(x).to(torch.int32).view(1, -1, 1, 1) for x in (scale, nearest(knee * scale), left, right, offset)]
    scale, knee, left, right, offset = whole
    t = scale * ((taps - dots.to(torch.int32)) // step) - knee
    return saturate(offset + ((t * torch.where(t > 0, right, left) + 2**14) >> 15))


def stem_response(stem, x, fraction):
    """The stem's stream in units of it, [N, C, H, W]: integer sums, then one float32 function."""
    conv, norm, rectifier = stem
    weight = conv.weight.detach().double()
    taps = weight[0].numel()
    size, total = weight.abs().amax((1, 2, 3)), weight.abs().sum((1, 2, 3))
    scale = torch.minimum(MAX / size, (65535 - taps) / total)
    scale = torch.where(total == 0, torch.ones_like(scale), scale)
    integers = saturate(torch.round(x.detach().float() * INPUT_UNITS)).double()
    sums = F.conv2d(integers, nearest(weight * scale.view(-1, 1, 1, 1)), None, conv.stride, conv.padding).float()

    zeros = torch.zeros_like(scale)
    f = Kinked(zeros, zeros, torch.ones_like(scale))
    f.normalise(norm)
    f.rectify(rectifier)
    per_one, units = scale * INPUT_UNITS, 2.0**fraction
    left, right = f.left / per_one, f.right / per_one
    knee, straight, bend, value = (
        parameter.float().view(1, -1, 1, 1)
        for parameter in (f.knee * per_one, left * units, (right - left) * units, f.value * units))
    t = sums - knee
    return saturate(torch.round((value + straight * t) + bend * t.clamp(min=0)))


def whole_signs(unit, x, units):
    """Signs of a stream of whole multiples of 1 / units: +1 where x > the threshold rounded down."""
    if not hasattr(unit, "shift"):
        return unit.signs(x)
    threshold = torch.floor(unit.shift * units).clamp(-MAX - 1, MAX) / units
    return signs.SignActivation.apply(x - Replace.apply(unit.shift, threshold), unit.window)


def features(net, x, fraction):
    """net.features in the arithmetic of an int16 stream: [N, 3, size, size] -> [N, channels] float32."""
    units = 2.0**fraction
    y = Replace.apply(net.stem(x).float(), stem_response(net.stem, x, fraction) / units)
    for block in net.blocks:
        for unit in block.units:
            dots, alpha = unit.dots(whole_signs(unit, y, units))
            dots = dots.float()
            exact = unit_response(unit, dots.detach(), None if alpha is None else alpha.detach(), fraction)
            response = Replace.apply(unit.respond(dots, alpha), exact / units)
            total = unit.added(response, y)
            y = Replace.apply(total, saturate(total.detach() * units) / units)
        if block.stride == 2:
            mean = block.pool(y)
            y = Replace.apply(mean, torch.floor(mean.detach() * units + 0.5) / units)
    height, width = y.shape[2:]
    sums = (y * units).sum((2, 3), dtype=torch.float64).float()
    return sums * torch.tensor(1 / (height * width * units), dtype=torch.float32, device=x.device)


def forward(net, x, fraction):
    """Logits, [N, classes], as the runtime has them; net is a MoBiNet in evaluation mode."""
    return net.head(features(net, x, fraction))
