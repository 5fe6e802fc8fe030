"""Layers that write themselves."""

from mobinet_training.export import GraphWriter
from mobinet_training.layers import Hardtanh


def test_hard_tanh_is_one_node_without_constants():
    writer = GraphWriter(32)
    assert Hardtanh().write(writer, "out", "image") == "out"
    assert writer.nodes == [{"name": "out", "op": "hard_tanh", "inputs": ["image"]}]
    assert writer.tensors == {}
