"""A checkpoint or a model file -> weights to start training from."""

import json
import re
from pathlib import Path

import numpy as np
import torch

from . import network, safetensors_file

# Names of a model file's tensors -> names of the network's state.
RENAMED = {
    r"^stem\.conv\.": "stem.0.",
    r"^stem\.norm\.": "stem.1.",
    r"^stem\.prelu\.": "stem.2.",
    r"\.mean$": ".running_mean",
    r"\.variance$": ".running_var",
    r"\.(gamma|slope)$": ".weight",
    r"\.beta$": ".bias",
}
RENAMED_BINARY = {
    r"^blocks\.(\d+)\.": r"blocks.\1.units.",
    r"\.threshold$": ".shift",
    r"\.shift\.bias$": ".prelu_bias",
}
RENAMED_FLOAT = {
    r"^(blocks\.\d+\.\d+)\.conv\.": r"\1.0.",
    r"^(blocks\.\d+\.\d+)\.norm\.": r"\1.1.",
}


def shadow_weights(words, alpha, shape, generator):
    """Float weights whose signs and means are those of a filter's bits and alpha.

    The file keeps no magnitudes, so they are drawn: |normal|, scaled to a mean of alpha.
    words: uint64 [O, words]; alpha: float32 [O], or None for 1; shape: [O, I, kh, kw].
    """
    outputs, inputs, height, width = shape
    elements = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")
    elements = elements[:, : inputs * height * width].reshape(outputs, height, width, inputs)
    signs = torch.from_numpy(elements).permute(0, 3, 1, 2).float() * 2 - 1
    sizes = torch.randn(shape, generator=generator).abs()
    means = torch.from_numpy(alpha.copy()) if alpha is not None else torch.ones(outputs)
    return signs * sizes * (means.view(-1, 1, 1, 1) / sizes.mean((1, 2, 3), keepdim=True))


def read_model_file(path, shapes, seed=0):
    """The state in a model file, by name. shapes: of the network's state; its scalars a channel are 4-d."""
    metadata, tensors = safetensors_file.read(path)
    nodes = json.loads(metadata["graph"])["nodes"]
    binary = {node["weight"]: node for node in nodes if node["op"] == "binary_conv2d"}
    rules = {**(RENAMED_BINARY if binary else RENAMED_FLOAT), **RENAMED}
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for tensor_name in sorted(tensors):
        name, array = tensor_name, tensors[tensor_name]
        for pattern, replacement in rules.items():
            name = re.sub(pattern, replacement, name)
        if name not in shapes:  # alphas and scales belong to their weights
            continue
        if node := binary.get(tensor_name):
            shape = (node["out_channels"], node["in_channels"] // node["groups"], *node["kernel"])
            state[name] = shadow_weights(array, tensors.get(node.get("alpha")), shape, generator)
        elif array.dtype == np.int8:
            state[name] = torch.from_numpy(array * tensors[f"{tensor_name}_scale"][:, None])
        else:
            state[name] = torch.from_numpy(array.copy())
            if state[name].numel() == shapes[name].numel():
                state[name] = state[name].reshape(shapes[name])
    return state


def network_of_graph(graph, tensors):
    """The `network` settings (network.build) that a model file's graph was made from.

    What leaves no trace in a file, gradients, is as network.py has it.
    """
    nodes = graph["nodes"]
    binary = [node for node in nodes if node["op"] == "binary_conv2d"]
    stem = next(node for node in nodes if node["op"] == "conv2d")
    width = len(tensors[stem["weight"]]) / 32
    settings = {"width": width, "classes": len(tensors["head.bias"]), "stem_stride": stem["stride"][0]}
    if not binary:
        return {"kind": "mobilenet_v1", **settings}
    first = [node for node in binary if node["name"].startswith("blocks.0.")]
    kernels = [node["kernel"][0] for node in first]
    doubles = [node["out_channels"] == 2 * node["in_channels"] for node in first]
    block = (
        "none" if len(first) == 2 else "pre" if kernels == [1, 3, 1] else "mid" if doubles[1] else "post")
    widest = max((node for node in binary if node["kernel"][0] == 3), key=lambda node: node["in_channels"])
    operations = {node["op"] for node in nodes}
    return {
        "kind": "mobinet", **settings, "block": block,
        "k": (widest["in_channels"] // widest["groups"]).bit_length() - 1,
        "prelu": "prelu" in operations, "skips": "add" in operations, "doubling_skip": "concat" in operations,
        "alpha": "alpha" in binary[0], "prelu_shift": "affine" in operations,
        "sign_shift": any("threshold" in node for node in nodes),
    }


def network_of(path):
    """The `network` settings of a checkpoint or a .safetensors model file."""
    if Path(path).suffix == ".safetensors":
        metadata, tensors = safetensors_file.read(path)
        return network_of_graph(json.loads(metadata["graph"]), tensors)
    return torch.load(path, map_location="cpu")["network"]


def start_from(net, path):
    """Takes over what a checkpoint or a .safetensors model file has for the network.

    A head for other classes is left as it is, and so are parameters that the file does not have.
    Raises SystemExit where anything else does not fit.
    """
    shapes = {name: tensor.shape for name, tensor in net.state_dict().items()}
    if Path(path).suffix == ".safetensors":
        state = read_model_file(path, shapes)
    else:
        state = torch.load(path, map_location="cpu")["model"]
    fitting = {name: tensor for name, tensor in state.items() if tensor.shape == shapes.get(name)}
    misfits = [name for name in state if name not in fitting and not name.startswith("head.")]
    if misfits or not fitting:
        raise SystemExit(f"{path} is of another network: {misfits[:3]} do not fit (see --width, --block, --k)")
    net.load_state_dict(fitting, strict=False)


def load_network(path):
    """The network of a checkpoint or of a .safetensors model file, in evaluation mode."""
    net = network.build(network_of(path))
    start_from(net, path)
    return net.eval()
