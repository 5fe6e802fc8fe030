"""Random views of training pictures, in batches: what must not change the label.

Every range is an option of train.py; 0 turns it off.
"""

import math
from typing import NamedTuple

import torch
from torch.nn import functional as F

from . import data


class Augmentation(NamedTuple):
    """How far a view may be from its picture."""

    shift: float = 6  # pixels, either way
    flip: bool = True  # mirror left and right, one in two
    rotate: float = 0.0  # degrees, either way
    scale: float = 0.0  # natural logarithm of the scale, either way; half of it for the aspect
    light: float = 0.0  # natural logarithm of brightness, either way; half of it for contrast, a fifth for colours
    blur: float = 0.0  # share of the views that are blurred
    noise: float = 0.0  # largest standard deviation of noise, grey levels


def mirror(places, size):
    """Places outside 0..size - 1 mirrored at the border, which is not repeated."""
    return size - 1 - (size - 1 - places.abs()).abs()


def crop(pixels, how, generator):
    """uint8 [N, H, W, 3] shifted by whole pixels, mirrored at the borders, and flipped; float [N, 3, H, W]."""
    count, height, width, _ = pixels.shape
    shift = int(how.shift)
    top, left = torch.randint(-shift, shift + 1, (2, count, 1), generator=generator).to(pixels.device)
    flipped = (torch.rand(count, 1, generator=generator) < 0.5 * how.flip).to(pixels.device)
    picture, rows, columns = (torch.arange(n, device=pixels.device) for n in (count, height, width))
    rows = mirror(top + rows, height)
    columns = mirror(left + torch.where(flipped, width - 1 - columns, columns), width)
    return pixels[picture[:, None, None], rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).float()


def warp(pixels, how, generator):
    """uint8 [N, H, W, 3] shifted, scaled and rotated; float [N, 3, H, W], mirrored at the borders."""
    count, height, width, _ = pixels.shape

    def either_way(size, number=1):
        return (2 * torch.rand(number, count, generator=generator) - 1) * size

    (angle,) = either_way(math.radians(how.rotate))
    (scale,), (aspect,) = either_way(how.scale), either_way(how.scale / 2)
    left, top = either_way(2 * how.shift / width), either_way(2 * how.shift / height)
    flip = 1 - 2 * (torch.rand(count, generator=generator) < 0.5 * how.flip).float()
    across, down = (scale + aspect / 2).exp(), (scale - aspect / 2).exp()
    matrix = torch.stack([
        torch.stack([flip * across * angle.cos(), -down * angle.sin(), left[0]], 1),
        torch.stack([flip * across * angle.sin(), down * angle.cos(), top[0]], 1),
    ], 1)
    x = pixels.permute(0, 3, 1, 2).float()
    grid = F.affine_grid(matrix.to(x.device), x.shape, align_corners=False)
    return F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def relight(x, how, generator):
    """[N, 3, H, W]: another brightness, contrast and tint, a picture."""
    count = len(x)

    def factor(size, channels=1):
        return ((2 * torch.rand(count, channels, 1, 1, generator=generator) - 1) * size).exp().to(x.device)

    mean = x.mean((1, 2, 3), keepdim=True)
    return ((x - mean) * factor(how.light / 2) + mean) * factor(how.light) * factor(how.light / 5, 3)


def blur(x, how, generator):
    """[N, 3, H, W]: a share of the pictures, mixed with the means of 3x3 pixels."""
    mix = torch.rand(len(x), generator=generator) * (torch.rand(len(x), generator=generator) < how.blur)
    return torch.lerp(x, F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1), mix.to(x.device).view(-1, 1, 1, 1))


def augment(pixels, size, how, generator):
    """A training batch: uint8 [N, H, W, 3] -> float32 [N, 3, size, size], normalised."""
    x = (warp if how.rotate or how.scale else crop)(pixels, how, generator)
    if how.light:
        x = relight(x, how, generator)
    if how.blur:
        x = blur(x, how, generator)
    if size != x.shape[2]:
        x = F.interpolate(x, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
    if how.noise:
        deviation = how.noise * torch.rand(len(x), 1, 1, 1, generator=generator).to(x.device)
        x = x + deviation * torch.randn(x.shape, generator=generator).to(x.device)
    if how.light or how.noise:
        x = x.clamp(0, 255)
    return data.normalise(x.permute(0, 2, 3, 1))


def neighbour(x, generator):
    """A view that nobody can tell from x, [N, 3, H, W] normalised: each value a grey level up, down or as it was."""
    level = torch.tensor([1 / (255 * deviation) for deviation in data.STD], device=x.device).view(1, 3, 1, 1)
    return x + torch.randint(-1, 2, x.shape, generator=generator).to(x.device) * level
