"""What networks that are trained already say of the pictures: what another is distilled from."""

import hashlib
import os
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from . import data


@torch.no_grad()
def scores(nets, x):
    """Mean of the scores of networks, [N, 3, size, size] -> [N, classes]."""
    return torch.stack([net(x).softmax(1) for net in nets]).mean(0)


def answers(nets, paths, pixels, flip, cache):
    """The scores for each picture and, with `flip`, its mirror image, averaged: float16 [N, classes].

    All views of a picture have this one answer. It is worked out once and kept in `cache`, under a name made of the
    files at `paths`, which are those of `nets`, and of the pictures.
    """
    stamp = hashlib.sha256(f"{tuple(pixels.shape)} {flip} {pixels[:: len(pixels) // 100 + 1].sum()}".encode())
    for path in paths:
        stamp.update(Path(path).read_bytes())
    file = Path(cache) / f"answers-{stamp.hexdigest()[:16]}.npy"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        parts = []
        for part in tqdm(pixels.split(50), desc="asking the teachers", leave=False):
            x = data.normalise(part).contiguous(memory_format=torch.channels_last)
            views = [x, x.flip(3)] if flip else [x]
            parts.append(torch.stack([scores(nets, view) for view in views]).mean(0).half().cpu())
        partial = file.with_suffix(f".{os.getpid()}.partial.npy")
        np.save(partial, torch.cat(parts).numpy())
        os.replace(partial, file)
    return torch.from_numpy(np.load(file))
