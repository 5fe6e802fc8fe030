"""Tiny ImageNet, or any image folders, as arrays in memory: decoded once, augmented in batches."""

import hashlib
import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from tqdm import tqdm

# Of ImageNet, values 0..1; the network sees (x - MEAN) / STD.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

PICTURES = (".webp", ".jpeg", ".jpg", ".png")


def read_classes(path):
    """`<id>\t<name>` lines to (ids, names); line k is class k."""
    rows = [line.split("\t", 1) for line in Path(path).read_text().splitlines() if line.strip()]
    return [row[0] for row in rows], [row[1].strip() for row in rows]


def list_pictures(source):
    """(class id, name, function that reads the bytes) of each picture, in order of name.

    source: a zip file or a folder; the name of a picture's folder is its class.
    """
    source = Path(source)
    if source.suffix == ".zip":
        archive = zipfile.ZipFile(source)
        names = [name for name in archive.namelist() if name.lower().endswith(PICTURES)]
        return [(name.split("/")[-2], name, lambda name=name: archive.read(name)) for name in sorted(names)]
    files = sorted(path for path in source.rglob("*") if path.suffix.lower() in PICTURES)
    return [(path.parent.name, str(path.relative_to(source)), path.read_bytes) for path in files]


def decode(read, size):
    """RGB pixels uint8 [size, size, 3]; larger pictures as preprocessing does: resize, centre crop."""
    picture = Image.open(io.BytesIO(read())).convert("RGB")
    short = min(picture.size)
    if short != size:
        picture = picture.resize([int(size * side / short) for side in picture.size], Image.BILINEAR)
    left, top = (round((side - size) / 2) for side in picture.size)
    return np.asarray(picture.crop((left, top, left + size, top + size)))


def load(sources, class_ids, size, cache):
    """All pictures of the sources: pixels uint8 [N, size, size, 3] and classes int64 [N].

    Decoded pictures are kept in `cache` under a name made of the sources, their sizes and `size`.
    """
    label = {class_id: k for k, class_id in enumerate(class_ids)}
    stamp = "|".join(f"{Path(s).resolve()}:{Path(s).stat().st_size}" for s in sources) + f"|{size}"
    path = Path(cache) / f"{hashlib.sha256(stamp.encode()).hexdigest()[:16]}.npz"
    if path.exists():
        arrays = np.load(path)
        return torch.from_numpy(arrays["pixels"]), torch.from_numpy(arrays["classes"])
    pictures = [picture for source in sources for picture in list_pictures(source)]
    unknown = sorted({class_id for class_id, _, _ in pictures if class_id not in label})
    if unknown or not pictures:
        raise SystemExit(f"{sources}: {len(pictures)} pictures, of unknown classes {unknown[:5]}")
    # Reading a zip file is not for several threads; decoding is.
    with ThreadPoolExecutor(2) as pool:
        reads = ((lambda data=read(): data) for _, _, read in pictures)
        decoded = pool.map(decode, reads, (size for _ in pictures))
        pixels = np.stack(list(tqdm(decoded, total=len(pictures), desc="decoding", leave=False)))
    classes = np.array([label[class_id] for class_id, _, _ in pictures], dtype=np.int64)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, pixels=pixels, classes=classes)
    return torch.from_numpy(pixels), torch.from_numpy(classes)


def every_nth_class(pixels, classes, step):
    """The pictures of classes 0, step, 2 step ..., and these classes as 0, 1, 2 ..."""
    if step == 1:
        return pixels, classes
    chosen = classes % step == 0
    return pixels[chosen], classes[chosen] // step


def normalise(pixels):
    """float or uint8 [N, H, W, 3] of 0..255 -> float32 [N, 3, H, W]."""
    x = pixels.permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(v, device=x.device).view(1, 3, 1, 1) for v in (MEAN, STD))
    return (x - mean) / std


def mirror(places, size):
    """Places outside 0..size - 1 mirrored at the border, which is not repeated."""
    return size - 1 - (size - 1 - places.abs()).abs()


def augment(pixels, shift, size, generator):
    """A training batch: crops shifted by up to `shift` pixels (mirrored at the borders), flips, resized.

    pixels: uint8 [N, H, W, 3]; returns float32 [N, 3, size, size].
    """
    count, height, width, _ = pixels.shape
    top, left = torch.randint(-shift, shift + 1, (2, count, 1), generator=generator).to(pixels.device)
    flipped = (torch.rand(count, 1, generator=generator) < 0.5).to(pixels.device)
    picture, rows, columns = (torch.arange(n, device=pixels.device) for n in (count, height, width))
    rows = mirror(top + rows, height)
    columns = mirror(left + torch.where(flipped, width - 1 - columns, columns), width)
    x = pixels[picture[:, None, None], rows[:, :, None], columns[:, None, :]]
    if size != height:
        x = x.permute(0, 3, 1, 2).float()
        x = F.interpolate(x, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
        x = x.permute(0, 2, 3, 1)
    return normalise(x)
