"""ABC-Net (Lin et al., NeurIPS 2017) of ResNet-18: weights and activations are sums of several binary bases."""

from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

from ..layers import BatchNorm2d
from .binary import latent, write_convolution
from .resnet18 import Residual, ResNet18
from .signs import SignActivation, sign, straight_through


def spread(count, reach):
    """So many numbers from -reach to reach, evenly; one is 0."""
    return torch.linspace(-reach, reach, count) if count > 1 else torch.zeros(1)


class Unit(nn.Module):
    """batch norm -> N signs -> the sum of M binary convolutions of each.

    Bases of the weights: sign(w - mean + u std), u from -1 to 1, each filter by itself; their alphas are those of
    least squares. Bases of the activations: signs at N learned thresholds (the paper's v, less a half), each with a
    learned beta; the gradient of one passes within half a unit of its threshold. That of the weights is straight
    through.
    """

    def __init__(self, weight_bases, activation_bases, inputs, outputs, stride):
        super().__init__()
        self.norm = BatchNorm2d(inputs)
        self.weight = latent(outputs, inputs, 3)
        self.stride, self.padding = stride, 1
        self.weight_bases = weight_bases
        self.thresholds = nn.Parameter(spread(activation_bases, 1 - 1 / activation_bases))
        self.betas = nn.Parameter(torch.full((activation_bases,), 1 / activation_bases))

    @torch.no_grad()
    def bases(self):
        """Signs [M, O, I, kh, kw] and alphas [M, O]."""
        flat = self.weight.flatten(1)
        centred, deviation = flat - flat.mean(1, keepdim=True), flat.std(1, keepdim=True)
        places = spread(self.weight_bases, 1).to(flat)
        signs = sign(centred + places.view(-1, 1, 1) * deviation).transpose(0, 1)  # [O, M, elements]
        products = signs @ signs.transpose(1, 2) / flat.shape[1]
        # Bases that are the same would have no solution.
        products = products + 1e-4 * torch.eye(self.weight_bases).to(flat)
        alphas = torch.linalg.solve(products, (signs @ flat.unsqueeze(2)) / flat.shape[1]).squeeze(2)
        return signs.transpose(0, 1).reshape(-1, *self.weight.shape), alphas.transpose(0, 1)

    def forward(self, x):
        # All sums are linear: one convolution of the weighted sums is the sum of all of them.
        signs, alphas = self.bases()
        weight = straight_through(self.weight, (signs * alphas[:, :, None, None, None]).sum(0))
        x = self.norm(x)
        x = sum(
            beta * SignActivation.apply(2 * (x - threshold), "clip")
            for threshold, beta in zip(self.thresholds, self.betas))
        return F.conv2d(x, weight, None, self.stride, self.padding)

    def write(self, writer, name, value):
        normal, total = self.norm.write(writer, f"{name}.norm", value), None
        signs, alphas = self.bases()
        bits = [writer.bits(f"{name}.{m}.weight", base) for m, base in enumerate(signs)]
        for n, (threshold, beta) in enumerate(zip(self.thresholds, self.betas)):
            threshold = writer.floats(f"{name}.sign{n}.threshold", threshold.repeat(self.norm.num_features))
            base = writer.add(f"{name}.sign{n}", "sign", [normal], threshold=threshold)
            for m, alpha in enumerate(alphas):
                at = f"{name}.{n}{m}"
                x = write_convolution(writer, at, "binary_conv2d", base, self, bits[m], alpha=alpha * beta)
                total = x if total is None else writer.add(f"{at}.add", "add", [total, x])
        return total


class AbcNet(ResNet18):
    """weight_bases (M), activation_bases (N): 1 to 5 each."""

    def __init__(self, width=1.0, classes=1000, stem_stride=2, weight_bases=1, activation_bases=1):
        for count in (weight_bases, activation_bases):
            if count not in range(1, 6):
                raise ValueError(f"{count} bases: 1 to 5")
        super().__init__(
            partial(Residual, partial(Unit, weight_bases, activation_bases)), width, classes, stem_stride)
