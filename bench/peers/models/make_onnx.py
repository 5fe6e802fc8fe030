"""Writes out/{v1,v2}.onnx."""


import numpy as np
import onnx
from network import NETWORKS, OUT, Network
from onnx import TensorProto, helper, numpy_helper


def onnx_model(network: Network) -> onnx.ModelProto:
    nodes, weights = [], []

    def constant(name, values):
        weights.append(numpy_helper.from_array(values, name))
        return name

    value = "image"
    outputs = []
    limits = [constant("zero", np.float32(0)), constant("six", np.float32(6))]
    for index, conv in enumerate(network.convolutions):
        inputs = [value, constant(f"w{index}", conv.weight), constant(f"b{index}", conv.bias)]
        attributes = {
            "kernel_shape": [conv.kernel] * 2,
            "strides": [conv.stride] * 2,
            "pads": conv.padding,
            "group": conv.groups,
        }
        nodes.append(helper.make_node("Conv", inputs, [f"conv{index}"], **attributes))
        value = f"conv{index}"
        if conv.activation == "relu":
            nodes.append(helper.make_node("Relu", [value], [f"relu{index}"]))
            value = f"relu{index}"
        if conv.activation == "relu6":
            nodes.append(helper.make_node("Clip", [value, *limits], [f"relu{index}"]))
            value = f"relu{index}"
        if conv.skip is not None:
            nodes.append(helper.make_node("Add", [value, outputs[conv.skip]], [f"sum{index}"]))
            value = f"sum{index}"
        outputs.append(value)
    nodes.append(helper.make_node("GlobalAveragePool", [value], ["pool"]))
    nodes.append(helper.make_node("Flatten", ["pool"], ["flat"]))
    head = [constant("head.w", network.head_weight), constant("head.b", network.head_bias)]
    nodes.append(helper.make_node("Gemm", ["flat", *head], ["logits"], transB=1))

    size = network.size
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])
    logits = helper.make_tensor_value_info(
        "logits", TensorProto.FLOAT, [1, len(network.head_bias)]
    )
    graph = helper.make_graph(nodes, "mobilenet", [image], [logits], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


if __name__ == "__main__":
    for name, network in NETWORKS.items():
        model = onnx_model(network())
        onnx.checker.check_model(model)
        onnx.save(model, OUT / f"{name}.onnx")
