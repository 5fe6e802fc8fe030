"""Tiny ImageNet, or any image folders, as arrays in memory: decoded once, augmented in batches."""

import hashlib
import io
import os
import warnings
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
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


def class_folders(sources):
    """Names of all class folders of zip files or folders, in order."""
    return sorted({class_id for source in sources for class_id, _, _ in list_pictures(source)})


def classes_of(path, sources):
    """(ids, names) of a file of classes or, where `path` is empty, of the class folders of zip files or folders."""
    if path:
        return read_classes(path)
    names = class_folders(sources)
    return names, names


def decode(name, content, size):
    """RGB pixels uint8 [size, size, 3] of a file's bytes, as preprocessing does it: resize, centre crop."""
    try:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise SystemExit(f"{name} is not a picture that can be read: {error}") from error
    short = min(picture.size)
    if short != size:
        picture = picture.resize([int(size * side / short) for side in picture.size], Image.BILINEAR)
    left, top = (round((side - size) / 2) for side in picture.size)
    return np.asarray(picture.crop((left, top, left + size, top + size)))


def usual_count(sources):
    """Pictures a class, on the mean."""
    folders = Counter(class_id for source in sources for class_id, _, _ in list_pictures(source))
    return sum(folders.values()) / max(1, len(folders))


def usual_side(sources, count=100):
    """Median of the shorter sides of some pictures of the sources, pixels; of what cannot be read, `load` speaks."""
    pictures = [picture for source in sources for picture in list_pictures(source)]
    sides = []
    for _, _, read in pictures[:: max(1, len(pictures) // count)]:
        with suppress(OSError, ValueError, Image.DecompressionBombError):
            sides.append(min(Image.open(io.BytesIO(read())).size))
    return sorted(sides)[len(sides) // 2] if sides else 0


def load(sources, class_ids, size, cache):
    """All pictures of the sources: pixels uint8 [N, size, size, 3], classes int64 [N], and their names.

    Decoded pictures are kept in `cache` under a name made of the sources' pictures and `size`, and
    mapped into memory from there: several processes share them.
    """
    label = {class_id: k for k, class_id in enumerate(class_ids)}
    pictures = [picture for source in sources for picture in list_pictures(source)]
    unknown = sorted({class_id for class_id, _, _ in pictures if class_id not in label})
    if unknown or not pictures:
        raise SystemExit(f"{sources}: {len(pictures)} pictures, of unknown classes {unknown[:5]}")
    names = [name for _, name, _ in pictures]
    classes = torch.tensor([label[class_id] for class_id, _, _ in pictures])
    stamp = "|".join([*(f"{Path(s).resolve()}:{Path(s).stat().st_size}" for s in sources), str(size), *names])
    path = Path(cache) / f"{hashlib.sha256(stamp.encode()).hexdigest()[:16]}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        shape = (len(pictures), size, size, 3)
        array = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint8, shape=shape)
        # Reading a zip file is not for several threads; decoding is. So are a few pictures at a time in memory.
        with ThreadPoolExecutor(2) as pool, tqdm(
                total=len(pictures), desc="reading pictures, once", unit=" pictures", leave=False) as bar:
            for begin in range(0, len(pictures), 100):
                part = [(name, read()) for _, name, read in pictures[begin : begin + 100]]
                for k, one in enumerate(pool.map(decode, *zip(*part), [size] * len(part))):
                    array[begin + k] = one
                bar.update(len(part))
        del array
        os.replace(partial, path)
    with warnings.catch_warnings():  # that it cannot be written to, which nobody does
        warnings.simplefilter("ignore", UserWarning)
        return torch.from_numpy(np.load(path, mmap_mode="r")), classes, names


def track_of(name):
    """What shows the same thing: `<track>_<frame>.png` is of its track."""
    return name.rsplit("_", 1)[0]


def are_tracks(names):
    """Whether pictures are frames of tracks: several tracks in each folder, of three frames or more on the mean."""
    tracks = set(map(track_of, names))
    if not all("_" in name.rsplit("/", 1)[-1] for name in names) or len(names) < 3 * len(tracks):
        return False
    per_folder = Counter(track.rsplit("/", 1)[0] for track in tracks)
    return min(per_folder.values()) >= 3


def split(classes, groups, share, seed=0):
    """Indices (for training, for validation): of every class about `share` of its groups, at least one.

    classes: int64 [N]; groups: N names; pictures of one group stay on one side. Raises SystemExit
    where a class has a single group, which leaves nothing to train or nothing to validate with.
    """
    random, held = np.random.default_rng(seed), set()
    by_class = {}
    for label, group in zip(classes.tolist(), groups):
        by_class.setdefault(label, set()).add(group)
    for label in sorted(by_class):
        names = sorted(by_class[label])
        if len(names) < 2:
            raise SystemExit(f"{names[0]}: the only one of its class; two or more are needed to validate with one")
        count = min(len(names) - 1, max(1, round(share * len(names))))
        held.update((label, names[k]) for k in random.permutation(len(names))[:count])
    inside = torch.tensor([pair in held for pair in zip(classes.tolist(), groups)])
    return (~inside).nonzero()[:, 0], inside.nonzero()[:, 0]


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
