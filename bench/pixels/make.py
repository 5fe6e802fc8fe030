"""Makes PNGs of every kind that the format has, as the PngSuite does, and what Pillow reads from each:

    python3 bench/pixels/make.py FOLDER
    npm run build && node bench/pixels/compare.js FOLDER

Needs Pillow and NumPy. `expected.json` has the sizes, `NAME.rgb` the levels of `convert('RGB')`.
"""

import json
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}
NAMES = {0: "grey", 2: "rgb", 3: "palette", 4: "grey-alpha", 6: "rgba"}
# Adam7: first column, first row, column step, row step of each pass.
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2)]


def chunk(kind, content):
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def packed_rows(levels, depth):
    if depth == 16:
        return levels.astype(">u2").reshape(len(levels), -1).view(np.uint8)
    bits = np.unpackbits(levels.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth:]
    return np.packbits(bits.reshape(len(levels), -1), axis=1)


def paeth(left, above, corner):
    guess = left + above - corner
    a, b, c = abs(guess - left), abs(guess - above), abs(guess - corner)
    return np.where((a <= b) & (a <= c), left, np.where(b <= c, above, corner))


def filtered(rows, step, kinds):
    """Scan lines, each with one of the five filters, in turn."""
    out = b""
    before = np.zeros(rows.shape[1], int)
    for y, row in enumerate(rows.astype(int)):
        left = np.concatenate([np.zeros(step, int), row])[: len(row)]
        corner = np.concatenate([np.zeros(step, int), before])[: len(row)]
        kind = kinds[y % len(kinds)]
        guess = [0, left, before, (left + before) // 2, paeth(left, before, corner)][kind]
        out += bytes([kind]) + ((row - guess) % 256).astype(np.uint8).tobytes()
        before = row
    return out


def png(levels, depth, colour, interlaced=False, before=(), filters=(0, 1, 2, 3, 4), pieces=1, level=9):
    height, width = levels.shape[:2]
    parts = [levels[y::dy, x::dx] for x, y, dx, dy in PASSES] if interlaced else [levels]
    step = max(1, CHANNELS[colour] * depth // 8)
    data = b"".join(filtered(packed_rows(part, depth), step, filters) for part in parts if part.size)
    pixels = zlib.compress(data, level)
    size = -(-len(pixels) // pieces)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    body = [chunk(b"IHDR", header), *before]
    body += [chunk(b"IDAT", pixels[at:at + size]) for at in range(0, len(pixels), size)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body) + chunk(b"IEND", b"")


def picture(random, colour, depth, width=32, height=32):
    """A ramp with noise, so that every filter has something to do."""
    most = 2**depth - 1
    y, x, c = np.mgrid[0:height, 0:width, 0:CHANNELS[colour]]
    ramp = (x * (c + 1) + y * 2) / (width * (c + 1) + height * 2 + 1) * most
    noise = random.integers(0, most // 4 + 2, ramp.shape)
    return (ramp.astype(int) + noise) % (most + 1)


def palette(random, depth):
    return chunk(b"PLTE", random.integers(0, 256, 3 * 2**depth, dtype=np.uint8).tobytes())


def transparency(colour, depth):
    if colour == 3:
        return chunk(b"tRNS", bytes(at * 37 % 256 for at in range(2**depth)))
    return chunk(b"tRNS", struct.pack(">H", 1) * (1 if colour == 0 else 3))


OTHERS = {
    "gamma-0.45": [chunk(b"gAMA", struct.pack(">I", 45455))],
    "gamma-1": [chunk(b"gAMA", struct.pack(">I", 100000))],
    "gamma-2.5": [chunk(b"gAMA", struct.pack(">I", 250000))],
    "srgb": [chunk(b"sRGB", b"\0")],
    "primaries": [chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))],
    "size": [chunk(b"pHYs", struct.pack(">IIB", 1, 4, 0))],
    "time": [chunk(b"tIME", struct.pack(">HBBBBB", 2000, 1, 1, 12, 34, 56))],
    "text": [chunk(b"tEXt", b"Title\0text"), chunk(b"zTXt", b"Title\0\0" + zlib.compress(b"text"))],
}


def kinds():
    random = np.random.default_rng(12)
    for colour, depths in DEPTHS.items():
        for depth in depths:
            name = f"{NAMES[colour]}-{depth}"
            first = [palette(random, depth)] if colour == 3 else []
            levels = picture(random, colour, depth)
            for interlaced in (False, True):
                end = "-interlaced" if interlaced else ""
                yield name + end, png(levels, depth, colour, interlaced, first)
                if colour in (0, 2, 3):
                    chunks = [*first, transparency(colour, depth)]
                    yield f"{name}-transparent{end}", png(levels, depth, colour, interlaced, chunks)
            for other, chunks in OTHERS.items():
                yield f"{name}-{other}", png(levels, depth, colour, False, [*chunks, *first])
    # Sizes at which passes of interlacing are empty.
    for size in range(1, 10):
        for interlaced in (False, True):
            levels = picture(random, 2, 8, size, size)
            end = "-interlaced" if interlaced else ""
            yield f"size-{size}{end}", png(levels, 8, 2, interlaced)
    levels = picture(random, 2, 8)
    for kind in range(5):
        yield f"filter-{kind}", png(levels, 8, 2, filters=[kind])
    for level in (0, 1, 6):
        yield f"compression-{level}", png(levels, 8, 2, level=level)
    for pieces in (2, 5, 100):
        yield f"pieces-{pieces}", png(levels, 8, 2, pieces=pieces)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        chunks = [chunk(b"eXIf", exif.tobytes()[6:])]
        yield f"orientation-{orientation}", png(levels[:, :20], 8, 2, before=chunks)


def main():
    from PIL import ImageOps

    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {}
    for name, content in kinds():
        path = folder / f"{name}.png"
        path.write_bytes(content)
        with Image.open(path) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
        sizes[path.name] = upright.size
        (folder / f"{path.name}.rgb").write_bytes(upright.tobytes())
    (folder / "expected.json").write_text(json.dumps({"pillow": PIL.__version__, "sizes": sizes}))
    print(f"{len(sizes)} files, Pillow {PIL.__version__}")


main()
