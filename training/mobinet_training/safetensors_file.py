"""Writes the model file (docs/model-format.md): a safetensors container with a digest."""

import hashlib
import json
import struct

import numpy as np

DTYPES = {np.dtype("<f4"): "F32", np.dtype("<f2"): "F16", np.dtype("i1"): "I8", np.dtype("<u8"): "U64"}


def digest(metadata, tensors):
    """sha256 of all metadata but the digest, and of all tensors, by name."""
    covered = hashlib.sha256()
    for key in sorted(metadata):
        if key != "digest":
            covered.update(f"{key}\0{metadata[key]}\0".encode())
    for name in sorted(tensors):
        array = tensors[name]
        shape = ",".join(map(str, array.shape))
        covered.update(f"{name}\0{DTYPES[array.dtype]}\0{shape}\0".encode())
        covered.update(array.tobytes())
    return "sha256:" + covered.hexdigest()


def write(path, metadata, tensors):
    """metadata: strings by name; tensors: C-contiguous float32, float16, int8 or uint64 arrays by name."""
    metadata = {**metadata, "digest": digest(metadata, tensors)}
    header, offset = {"__metadata__": metadata}, 0
    # Larger elements first, so that every tensor is aligned to its elements.
    order = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    for name in order:
        array = tensors[name]
        end = offset + array.nbytes
        header[name] = {"dtype": DTYPES[array.dtype], "shape": array.shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            file.write(tensors[name].tobytes())


def read(path):
    """metadata and tensors of a file."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__")
    kinds = {name: dtype for dtype, name in DTYPES.items()}
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(content[begin:end], kinds[entry["dtype"]]).reshape(entry["shape"])
    return metadata, tensors
