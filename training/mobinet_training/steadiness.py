"""How steady are a model's labels? The share of them that a change changes which nobody sees.

    python training/steadiness.py MODEL PICTURES

MODEL is a model file, or a latest.pt of a run. PICTURES is a zip file or a folder. The picture that the network sees, after resize and crop, is changed, and the
label compared with that of the unchanged one:

- noise: each of its values a grey level down, up or as it was, at random (seed 1), kept within 0..255;
- shift: all of it one pixel to the right, the first column repeated;
- JPEG: encoded at quality 90 (4:2:0) and decoded.

MoBiNets with an int16 stream are computed in its arithmetic (int16.py), as the runtime does.
"""

import io
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from . import data, int16, restore, safetensors_file


def noisy(pixels, generator):
    change = torch.randint(-1, 2, pixels.shape, generator=generator)
    return (pixels + change).clamp(0, 255)


def shifted(pixels, _):
    return torch.cat([pixels[:, :, :1], pixels[:, :, :-1]], 2)


def recoded(pixels, _):
    def jpeg(picture):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=90)
        return np.asarray(Image.open(file))

    return torch.from_numpy(np.stack([jpeg(picture) for picture in pixels.numpy()]))


CHANGES = {"noise of one grey level": noisy, "shift by one pixel": shifted, "JPEG at quality 90": recoded}


def open_model(path):
    """(function from pictures, uint8 [N, size, size, 3], to labels [N]; size) of a model file or a checkpoint."""
    net, fraction = restore.load_network(path), None
    if Path(path).suffix == ".safetensors":
        graph = json.loads(safetensors_file.read(path)[0]["graph"])
        size, fraction = graph["inputs"][0]["shape"][1], graph.get("stream", {}).get("fraction")
    else:
        size = torch.load(path, map_location="cpu")["settings"]["size"]

    @torch.no_grad()
    def label(pixels):
        x = data.normalise(pixels)
        return (net(x) if fraction is None else int16.forward(net, x, fraction)).argmax(1)

    return label, size


def changed_labels(label, pixels, batch=250):
    """By change, the share of labels, 0..1, that are not those of the unchanged pictures."""
    counts, generator = dict.fromkeys(CHANGES, 0), torch.Generator().manual_seed(1)
    for part in pixels.split(batch):
        usual = label(part)
        for name, change in CHANGES.items():
            counts[name] += (label(change(part, generator)) != usual).sum().item()
    return {name: count / len(pixels) for name, count in counts.items()}


def main(model, source):
    label, size = open_model(model)
    pixels = torch.from_numpy(np.stack(
        [data.decode(name, read(), size) for _, name, read in data.list_pictures(source)]))
    print(f"labels changed, of {len(pixels)} pictures:")
    for name, share in changed_labels(label, pixels).items():
        print(f"  {name}: {share:.2%}")
