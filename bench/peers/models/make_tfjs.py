"""Writes out/tfjs-{v1,v2}/model.json and weights.bin: a graph model as TensorFlow.js's converter writes it,
with the operations that it fuses."""

import base64
import json

import numpy as np
from network import NETWORKS, OUT, Network


def graph_model(network: Network) -> tuple[dict, bytes]:
    nodes, manifest, data = [], [], []

    def text(value):
        return base64.b64encode(value.encode()).decode()

    def node(name, op, inputs=(), **attributes):
        nodes.append({"name": name, "op": op, "input": list(inputs), "attr": attributes})
        return name

    def constant(name, values):
        dtype = "int32" if values.dtype == np.int32 else "float32"
        manifest.append({"name": name, "shape": list(values.shape), "dtype": dtype})
        data.append(np.ascontiguousarray(values).tobytes())
        kind = {"type": "DT_INT32" if dtype == "int32" else "DT_FLOAT"}
        shape = {"dim": [{"size": str(size)} for size in values.shape]}
        tensor = {"tensor": {"dtype": kind["type"], "tensorShape": shape}}
        return node(name, "Const", dtype=kind, value=tensor)

    def fused(*operations):
        return {
            "fused_ops": {"list": {"s": [text(operation) for operation in operations]}},
            "num_args": {"i": "1"},
            "epsilon": {"f": 0.0},
            "T": {"type": "DT_FLOAT"},
        }

    size = network.size
    dimensions = [{"size": str(length)} for length in (1, size, size, 3)]
    value = node(
        "image", "Placeholder", dtype={"type": "DT_FLOAT"}, shape={"shape": {"dim": dimensions}}
    )
    outputs = []
    for index, conv in enumerate(network.convolutions):
        op = "FusedDepthwiseConv2dNative" if conv.depthwise else "_FusedConv2D"
        weight = constant(f"w{index}", conv.weight_tensorflow)
        value = node(
            f"conv{index}",
            op,
            [value, weight, constant(f"b{index}", conv.bias)],
            strides={"list": {"i": ["1", str(conv.stride), str(conv.stride), "1"]}},
            dilations={"list": {"i": ["1", "1", "1", "1"]}},
            padding={"s": text("SAME")},
            data_format={"s": text("NHWC")},
            explicit_paddings={"list": {}},
            **fused("BiasAdd", *([] if conv.activation is None else [conv.activation.capitalize()])),
        )
        if conv.skip is not None:
            float_type = {"type": "DT_FLOAT"}
            value = node(f"sum{index}", "AddV2", [value, outputs[conv.skip]], T=float_type)
        outputs.append(value)
    axes = constant("axes", np.array([1, 2], np.int32))
    value = node("pool", "Mean", [value, axes], keep_dims={"b": False}, T={"type": "DT_FLOAT"})
    head = constant("head.w", network.head_weight.T)
    node(
        "logits",
        "_FusedMatMul",
        [value, head, constant("head.b", network.head_bias)],
        transpose_a={"b": False},
        transpose_b={"b": False},
        **fused("BiasAdd"),
    )
    model = {
        "format": "graph-model",
        "modelTopology": {"node": nodes, "versions": {"producer": 1}},
        "weightsManifest": [{"paths": ["weights.bin"], "weights": manifest}],
    }
    return model, b"".join(data)


if __name__ == "__main__":
    for name, network in NETWORKS.items():
        model, data = graph_model(network())
        folder = OUT / f"tfjs-{name}"
        folder.mkdir(exist_ok=True)
        (folder / "model.json").write_text(json.dumps(model))
        (folder / "weights.bin").write_bytes(data)
