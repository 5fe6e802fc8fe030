"""How many bits of fraction an int16 stream can have (docs/fixed-point.md)."""

import torch
from tqdm import tqdm

from .networks import mobinet, signs

MAX = 32767


def largest_units(unit):
    """The largest integers that a unit takes, per bit of fraction 0: slopes over all counts, and values."""
    taps = unit.weight[0].numel()
    alpha = signs.alpha_of(unit.weight).flatten().double() if unit.use_alpha else 1.0
    bias = unit.prelu_bias.flatten().double() if hasattr(unit, "prelu_bias") else 0.0
    ramp = 0.0 if isinstance(unit.prelu, torch.nn.ReLU) else unit.prelu.weight.double()
    norm = unit.norm
    scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    offset = norm.bias.double() - norm.running_mean.double() * scale
    # Of dot = -taps .. taps; the kink is where alpha dot + bias = 0.
    kink = (-bias / alpha) * torch.ones_like(scale)
    inside = kink.abs() < taps
    reach = torch.where(inside, taps + kink.abs(), torch.full_like(kink, float(taps)))
    steepest = torch.maximum(torch.ones_like(scale), torch.as_tensor(ramp).abs() * torch.ones_like(scale))
    slope = (alpha * scale).abs() * steepest * reach
    value = torch.maximum(offset.abs(), (offset + scale * bias).abs())
    return max(slope.max().item(), value.max().item())


@torch.no_grad()
def fraction_bits(net, x):
    """The most bits with which every unit can reach its largest count, and the stream twice what it
    reaches for x, [N, 3, size, size]; net is in evaluation mode.
    """
    if not all(isinstance(block, mobinet.Block) and block.is_binary for block in net.blocks):
        raise SystemExit("an int16 stream is for networks of binary units with one threshold a sign")
    units = [module for module in net.modules() if isinstance(module, mobinet.Unit)]
    reached = []
    handles = [
        module.register_forward_hook(lambda _m, _i, y: reached.append(y.abs().max().item()))
        for module in [*units, net.stem]
    ]
    for part in tqdm(x.split(32), desc="range of the stream", leave=False):
        net(part)
    for handle in handles:
        handle.remove()
    # 1 %: the integers of slopes are rounded, and so is the scale of counts.
    largest = max(1.01 * max(map(largest_units, units)), 2 * max(reached))
    bits = 15
    while largest * 2**bits > MAX:
        bits -= 1
    if bits < 0:
        raise SystemExit(f"numbers of {largest:.0f} do not fit an int16 stream")
    return bits
