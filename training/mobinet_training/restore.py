"""A checkpoint or a model file -> weights to start training from."""

import json
import re
from pathlib import Path

import numpy as np
import torch

from . import networks, safetensors_file
from .networks import mobilenet_v1

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
# Names of nodes of MoBiNet and MobileNet v1.
NODE = (
    r"stem\.(conv|norm|relu|prelu)|blocks\.\d+(\.\d+){0,2}\.(sign|conv|shift|prelu|relu|norm|double|add|pool)"
    r"|pool|logits")


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


def name_in(shapes, tensor_name):
    """What a model file's tensor is called in a network's state, or None where it is not there."""
    for rules in (RENAMED_BINARY, RENAMED_FLOAT):
        name = tensor_name
        for pattern, replacement in {**rules, **RENAMED}.items():
            name = re.sub(pattern, replacement, name)
        if name in shapes:
            return name
    return None


def read_model_file(path, shapes, seed=0):
    """The state in a model file, by name. shapes: of the network's state; its scalars a channel are 4-d."""
    metadata, tensors = safetensors_file.read(path)
    if "network" in metadata:
        return {name: torch.from_numpy(array.astype(np.float32)) for name, array in tensors.items()}
    nodes = json.loads(metadata["graph"])["nodes"]
    binary = {node["weight"]: node for node in nodes if node["op"] == "binary_conv2d"}
    generator = torch.Generator().manual_seed(seed)
    state, thresholds = {}, {}
    for tensor_name in sorted(tensors):
        if level := re.fullmatch(r"blocks\.(\d+)\.(\d+)\.\d+\.threshold", tensor_name):
            name = "blocks.{}.units.{}.shifts".format(*level.groups())
            thresholds.setdefault(name, []).append(torch.from_numpy(tensors[tensor_name].copy()))
            continue
        name, array = name_in(shapes, tensor_name), tensors[tensor_name]
        if name is None:  # alphas and scales belong to their weights
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
    for name, levels in thresholds.items():
        state[name] = torch.stack(levels)[:, :, None, None]
        unit = name.removesuffix("shifts")
        for whole in ("weight", "norm.running_mean", "norm.bias"):  # in the file, a level's share of it
            state[unit + whole] = state[unit + whole] * len(levels)
    return state


def network_of_graph(graph, tensors):
    """The `network` settings (networks.build) that a model file's graph was made from.

    What leaves no trace in a file, gradients, is as networks/mobinet.py has it. Raises SystemExit where it is neither
    MoBiNet's nor MobileNet v1's: of others a file does not say enough.
    """
    nodes = graph["nodes"]
    if foreign := next((node["name"] for node in nodes if not re.fullmatch(NODE, node["name"])), None):
        raise SystemExit(
            f"{foreign} is in neither MoBiNet nor MobileNet v1: "
            "start from the checkpoint, or from what export.py --latent writes")
    binary = [node for node in nodes if node["op"] == "binary_conv2d"]
    stem = next(node for node in nodes if node["op"] == "conv2d")
    width = len(tensors[stem["weight"]]) / 32
    settings = {"width": width, "classes": len(tensors["head.bias"]), "stem_stride": stem["stride"][0]}
    if not binary:
        return {"kind": "mobilenet_v1", **settings}
    float_blocks = min(int(node["name"].split(".")[1]) for node in binary)
    units = {node["weight"]: node for node in binary}.values()  # levels share their weights
    kernels = [node["kernel"][0] for node in units if node["name"].startswith(f"blocks.{float_blocks}.")]
    doubling = next(node for node in units if node["out_channels"] == 2 * node["in_channels"])
    block = (
        "lean" if kernels == [1] else "none" if len(kernels) == 2 else "pre" if kernels == [1, 3, 1]
        else "mid" if doubling["name"].split(".")[2] == "1" else "post")
    grouped = [node for node in units if node["kernel"][0] == 3]
    widest = max(grouped, key=lambda node: node["in_channels"], default={"in_channels": 8, "groups": 1})
    operations = {node["op"] for node in nodes}
    return {
        "kind": "mobinet", **settings, "block": block, "float_blocks": float_blocks,
        "levels": len(binary) // len(units),
        "k": (widest["in_channels"] // widest["groups"]).bit_length() - 1,
        "prelu": "prelu" in operations, "skips": "add" in operations, "doubling_skip": "concat" in operations,
        "alpha": "alpha" in binary[0], "prelu_shift": "affine" in operations,
        "sign_shift": any("threshold" in node for node in nodes),
    }


def write_latent(path, settings, state):
    """The float weights under the signs, which a model file has not: to start training from, in half the bytes.

    settings: the network's (networks.build).
    """
    tensors = {
        name: tensor.cpu().half().contiguous().numpy() for name, tensor in state.items() if tensor.is_floating_point()}
    safetensors_file.write(path, {"format": "mobinet latent weights", "network": json.dumps(settings)}, tensors)


def network_of(path):
    """The `network` settings of a checkpoint, a .safetensors model file, or one of latent weights."""
    if Path(path).suffix == ".safetensors":
        metadata, tensors = safetensors_file.read(path)
        if "network" in metadata:
            return json.loads(metadata["network"])
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
    floats = [f"blocks.{k}." for k, block in enumerate(net.blocks) if isinstance(block, mobilenet_v1.FloatBlock)]
    if floats and isinstance(net, networks.MoBiNet) and network_of(path)["kind"] == "mobilenet_v1":
        # Its float blocks fit; its classifier, and what else goes by the same name, is for other features.
        state = {name: tensor for name, tensor in state.items() if name.startswith(("stem.", *floats))}
    fitting = {name: tensor for name, tensor in state.items() if tensor.shape == shapes.get(name)}
    misfits = [name for name in state if name not in fitting and not name.startswith("head.")]
    if misfits or not fitting:
        raise SystemExit(f"{path} is of another network: {misfits[:3]} do not fit (see --kind, --width, --block, --k)")
    net.load_state_dict(fitting, strict=False)


def load_network(path):
    """The network of a checkpoint or of a .safetensors model file, in evaluation mode."""
    net = networks.build(network_of(path))
    start_from(net, path)
    return net.eval()


def input_size(path):
    """Height and width, pixels, of the pictures that a checkpoint or a model file is for."""
    if Path(path).suffix == ".safetensors":
        return json.loads(safetensors_file.read(path)[0]["graph"])["inputs"][0]["shape"][1]
    return torch.load(path, map_location="cpu")["settings"]["size"]
