"""A model file as a PyTorch module, so that what the runtime computes can be checked and built on.

    python -m mobinet_training.graph_module models/mobinet-mid-k3-w50-64.safetensors net.pt

Reads whatever docs/model-format.md has, of any network; feature maps are float32.
"""

import argparse
import json

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import safetensors_file


def signs_of(words, kernel, channels):
    """Packed bits [O, words] -> [O, channels, kh, kw] of +1 and -1."""
    bits = np.unpackbits(words.view(np.uint8).reshape(len(words), -1), axis=1, bitorder="little")
    height, width = kernel
    taps = bits[:, : height * width * channels].reshape(len(words), height, width, channels)
    return torch.from_numpy(taps.astype(np.float32) * 2 - 1).permute(0, 3, 1, 2).contiguous()


def padded(x, padding, value=0.0):
    top, left, bottom, right = padding
    return F.pad(x, (left, right, top, bottom), value=value) if any(padding) else x


def per_channel(constant, x):
    """[C] or [1] in the shape that broadcasts over a map or a vector."""
    return constant.reshape(1, -1, *[1] * (x.dim() - 2))


class Node(nn.Module):
    """One node of the graph; its tensors are buffers by the names of the attributes."""

    def __init__(self, json_node, tensors):
        super().__init__()
        self.op, self.inputs, self.attributes = json_node["op"], json_node["inputs"], {}
        for key, value in json_node.items():
            if key in ("name", "op", "inputs"):
                continue
            if not isinstance(value, str):
                self.attributes[key] = value
            elif self.op in ("binary_conv2d", "binary_weight_conv2d") and key in ("weight", "nonzero"):
                channels = json_node["in_channels"] // json_node.get("groups", 1)
                self.register_buffer(key, signs_of(tensors[value], json_node["kernel"], channels))
            else:
                self.register_buffer(key, torch.from_numpy(tensors[value].astype(np.float32)))

    def has(self, name):
        return name in self._buffers

    def forward(self, *inputs):
        return getattr(self, self.op)(*inputs)

    def convolve(self, x, bias=None):
        a = self.attributes
        largest = 2 ** a.get("bits", 1) - 1
        x = padded(x, a["padding"], float(a.get("padding_value", 0) * largest))
        return F.conv2d(x, self.weight, bias, a["stride"], 0, a.get("dilation", 1), a.get("groups", 1))

    def conv2d(self, x):
        return self.convolve(x, self.bias if self.has("bias") else None)

    def binary_conv2d(self, x):
        x = self.convolve(x)
        return x * per_channel(self.alpha, x) if self.has("alpha") else x

    def binary_weight_conv2d(self, x):
        if self.has("nonzero"):
            self.weight.mul_(self.nonzero > 0)
        return self.binary_conv2d(x)

    def sign(self, x):
        over = x > per_channel(self.threshold, x) if self.has("threshold") else x > 0
        return torch.where(over, 1.0, -1.0)

    def levels(self, x):
        return sum(torch.where(x > per_channel(row, x), 1.0, -1.0) for row in self.thresholds)

    def batch_norm(self, x):
        return F.batch_norm(x, self.mean, self.variance, self.gamma, self.beta, eps=self.attributes["epsilon"])

    def affine(self, x):
        x = x * per_channel(self.scale, x) if self.has("scale") else x
        return x + per_channel(self.bias, x) if self.has("bias") else x

    def prelu(self, x):
        return torch.where(x > 0, x, x * per_channel(self.slope, x))

    def relu(self, x):
        return x.clamp(0, self.attributes.get("max"))

    def hard_tanh(self, x):
        return x.clamp(-1, 1)

    def sigmoid(self, x):
        return x.sigmoid()

    def round(self, x):
        away = torch.sign(x) * torch.floor(torch.abs(x) + 0.5)
        return away.clamp(self.attributes["min"], self.attributes["max"])

    def add(self, x, y):
        return x + y

    def multiply(self, x, y):
        return x * y.reshape(*y.shape, *[1] * (x.dim() - y.dim()))

    def concat(self, *values):
        return torch.cat(values, 1)

    def average_pool2d(self, x):
        a = self.attributes
        sums = F.avg_pool2d(padded(x, a["padding"]), a["kernel"], a["stride"], divisor_override=1)
        inside = padded(torch.ones_like(x[:1, :1]), a["padding"])
        return sums / F.avg_pool2d(inside, a["kernel"], a["stride"], divisor_override=1)

    def max_pool2d(self, x):
        a = self.attributes
        return F.max_pool2d(padded(x, a["padding"], float("-inf")), a["kernel"], a["stride"], 0, a.get("dilation", 1))

    def global_average_pool(self, x):
        return x.mean((2, 3))

    def flatten(self, x):
        return x.flatten(1)

    def dense(self, x):
        weight = self.weight * self.weight_scale[:, None] if self.has("weight_scale") else self.weight
        return F.linear(x, weight, self.bias if self.has("bias") else None)


class GraphModule(nn.Module):
    """[N, 3, H, W], preprocessed, -> logits [N, classes]. `labels`, `preprocessing`: those of the file."""

    def __init__(self, path):
        super().__init__()
        metadata, tensors = safetensors_file.read(path)
        graph = json.loads(metadata["graph"])
        self.labels = json.loads(metadata["labels"])
        self.preprocessing = json.loads(metadata["preprocessing"])
        self.input, self.output = graph["inputs"][0]["name"], graph["outputs"][0]
        self.names = [node["name"] for node in graph["nodes"]]
        self.nodes = nn.ModuleList(Node(node, tensors) for node in graph["nodes"])

    def values(self, x):
        """Every value of the graph, by name."""
        values = {self.input: x}
        for name, node in zip(self.names, self.nodes):
            values[name] = node(*(values[name] for name in node.inputs))
        return values

    def forward(self, x):
        return self.values(x)[self.output]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", help="a model file")
    parser.add_argument("module", help="the file that torch.load(..., weights_only=False) reads")
    arguments = parser.parse_args()
    torch.save(GraphModule(arguments.model).eval(), arguments.module)


if __name__ == "__main__":
    main()
