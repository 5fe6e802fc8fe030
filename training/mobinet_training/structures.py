"""What the exporter writes for every block, K and width, without the numbers: the graph that the package's
own builder of MoBiNet (src/networks/mobinet.ts) must write, too. For test/networks/structures.test.ts:

    python3 training/structures.py test/fixtures/networks/mobinet.json

The learned shifts of training, which that builder lacks, are off.
"""

import argparse
import decimal
import hashlib
import json
from pathlib import Path

import torch

from . import export, network

SIZE, CLASSES = 32, 10
BLOCKS = ("none", "pre", "mid", "post")
WIDTHS = (0.25, 0.5, 0.75, 1.0)
# Those whose text is in the fixture; of the others there is a digest.
SHOWN = (3, 0.25)


class StructureWriter(export.GraphWriter):
    """Instead of tensors' names, their types and shapes stand in the nodes."""

    def floats(self, name, tensor):
        return Tensor("F32", list(tensor.shape))

    def head_weight(self, name, weight):
        return {"weight": self.floats(name, weight)}

    def bits(self, name, weight):
        outputs, *filter_shape = weight.shape
        return Tensor("U64", [outputs, -(-torch.Size(filter_shape).numel() // 64)])


class Tensor:
    def __init__(self, dtype, shape):
        self.text = dtype + text_of(shape)


def text_of(value):
    if isinstance(value, Tensor):
        return value.text
    if isinstance(value, float):
        return format(decimal.Decimal(repr(value)), "f")
    return json.dumps(value, separators=(",", ":"))


def structure(block, k, width):
    """A line for the input, for each node and for the output; None where the network cannot be."""
    try:
        net = network.MoBiNet(block=block, k=k, width=width, classes=CLASSES)
    except ValueError:
        return None
    writer = StructureWriter(SIZE)
    output = net.write(writer, "logits", "image")
    graph = writer.graph(output, {})
    lines = [f"{entry['name']} {text_of(entry['shape'])}" for entry in graph["inputs"]]
    for node in graph["nodes"]:
        attributes = {key: value for key, value in node.items() if key not in ("name", "op", "inputs")}
        texts = [f" {key}={text_of(attributes[key])}" for key in sorted(attributes)]
        lines.append(f"{node['name']} = {node['op']}({', '.join(node['inputs'])}){''.join(texts)}")
    return [*lines, f"-> {', '.join(graph['outputs'])}"]


def structures():
    networks = []
    for block in BLOCKS:
        for k in range(5):
            for width in WIDTHS:
                lines = structure(block, k, width)
                entry = {"block": block, "k": k, "width": width, "refused": lines is None}
                if lines is not None:
                    entry["sha256"] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
                    if (k, width) == SHOWN:
                        entry["lines"] = lines
                networks.append(entry)
    return {"size": SIZE, "classes": CLASSES, "networks": networks}


def text():
    return json.dumps(structures(), indent=1) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="JSON")
    Path(parser.parse_args().file).write_text(text())


if __name__ == "__main__":
    main()
