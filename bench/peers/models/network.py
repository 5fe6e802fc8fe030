"""The networks that the peers run, batch norm folded into the convolutions: float MobileNet v1 out of
our model file, and MobileNet v2 with random weights."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import safe_open

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True)
class Convolution:
    """Convolution, bias, activation, sum; padded as TensorFlow's SAME."""

    weight: np.ndarray  # [O, I / groups, kernel, kernel]
    bias: np.ndarray  # [O]
    stride: int
    groups: int
    activation: str | None = "relu"  # or relu6
    skip: int | None = None  # the convolution whose output is added

    @property
    def kernel(self) -> int:
        return self.weight.shape[2]

    @property
    def depthwise(self) -> bool:
        return self.groups > 1

    @property
    def padding(self) -> list[int]:
        """Top, left, bottom, right."""
        if self.kernel == 1:
            return [0, 0, 0, 0]
        return [1, 1, 1, 1] if self.stride == 1 else [0, 0, 1, 1]

    @property
    def weight_tensorflow(self) -> np.ndarray:
        """`[kernel, kernel, I, O]`, or `[kernel, kernel, I, 1]` where depthwise."""
        return self.weight.transpose(2, 3, 0, 1) if self.depthwise else self.weight.transpose(2, 3, 1, 0)


@dataclass(frozen=True)
class Network:
    """Convolutions one after the other, global average, dense."""

    size: int
    convolutions: list[Convolution]
    head_weight: np.ndarray  # [classes, channels]
    head_bias: np.ndarray  # [classes]


def read_network(path: Path = OUT / "v1.safetensors") -> Network:
    with safe_open(path, "numpy") as file:
        graph = json.loads(file.metadata()["graph"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    consumers = {name: node for node in graph["nodes"] for name in node["inputs"]}
    convolutions = []
    for node in graph["nodes"]:
        if node["op"] != "conv2d":
            continue
        norm = consumers[node["name"]]
        assert norm["op"] == "batch_norm" and consumers[norm["name"]]["op"] == "relu", node["name"]
        mean, variance, gamma, beta = (
            tensors[norm[key]] for key in ("mean", "variance", "gamma", "beta")
        )
        scale = gamma / np.sqrt(variance + norm["epsilon"])
        convolution = Convolution(
            weight=(tensors[node["weight"]] * scale[:, None, None, None]).astype(np.float32),
            bias=(beta - mean * scale).astype(np.float32),
            stride=node["stride"][0],
            groups=node["groups"],
        )
        assert convolution.padding == node["padding"], node["name"]
        convolutions.append(convolution)
    dense = graph["nodes"][-1]
    assert dense["op"] == "dense"
    return Network(
        size=graph["inputs"][0]["shape"][1],
        convolutions=convolutions,
        head_weight=tensors[dense["weight"]],
        head_bias=tensors[dense["bias"]],
    )


# (factor of the inner channels, channels, blocks, stride of the first) of Sandler et al., 2018.
V2_STAGES = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]


def random_v2(size: int = 224, classes: int = 1000) -> Network:
    """MobileNet v2 at width 1."""
    random = np.random.default_rng(1)
    convolutions = []

    def uniform(*shape: int, bound: float) -> np.ndarray:
        return random.uniform(-bound, bound, shape).astype(np.float32)

    def convolve(inputs, outputs, kernel=1, stride=1, activation="relu6", skip=None):
        groups = inputs if kernel == 3 and inputs > 3 else 1
        fan_in = kernel * kernel * inputs // groups
        weight = uniform(outputs, inputs // groups, kernel, kernel, bound=np.sqrt(6 / fan_in))
        bias = uniform(outputs, bound=0.1)
        convolutions.append(Convolution(weight, bias, stride, groups, activation, skip))

    convolve(3, 32, kernel=3, stride=2)
    channels = 32
    for factor, outputs, blocks, first_stride in V2_STAGES:
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            before = len(convolutions) - 1
            inner = channels * factor
            if factor > 1:
                convolve(channels, inner)
            convolve(inner, inner, kernel=3, stride=stride)
            skip = before if stride == 1 and channels == outputs else None
            convolve(inner, outputs, activation=None, skip=skip)
            channels = outputs
    convolve(channels, 1280)
    return Network(
        size=size,
        convolutions=convolutions,
        head_weight=uniform(classes, 1280, bound=np.sqrt(3 / 1280)),
        head_bias=uniform(classes, bound=0.1),
    )


NETWORKS = {"v1": read_network, "v2": random_v2}
