"""Checkpoint -> one .safetensors model file (docs/model-format.md), and golden logits for the tests.

    python3 training/export.py training/runs/mid-k3/latest.pt models/mobinet.safetensors \\
        --name "MoBiNet-Mid K=3" --golden test/fixtures/golden

Of a binary layer nothing is kept but its bits and its constants per channel.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from . import calibration, data, fixed_point, int16, networks, restore, safetensors_file

ROOT = Path(__file__).resolve().parent.parent.parent


def to_bytes(weight):
    """[O, I] to whole numbers, and the scale of each row: its largest |weight| is 127."""
    scale = weight.abs().amax(1).clamp(min=1e-12) / 127
    return (weight / scale[:, None]).round(), scale


def round_head(net):
    """The classifier's weights as a head of int8 has them: what is measured of the network is the file's."""
    integers, scale = to_bytes(net.head.weight.data)
    net.head.weight.data = integers * scale[:, None]


class GraphWriter:
    """The graph's nodes and tensors, one node after the other."""

    def __init__(self, size, head="float32"):
        self.head = head  # weights of the classifier: float32 or int8
        self.inputs = [{"name": "image", "shape": [3, size, size]}]
        self.nodes, self.tensors = [], {}

    def add(self, name, op, inputs, **attributes):
        self.nodes.append({"name": name, "op": op, "inputs": inputs, **attributes})
        return name

    def floats(self, name, tensor):
        self.tensors[name] = np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype="<f4")
        return name

    def head_weight(self, name, weight):
        """[O, I] as float32, or as int8 with the scale of each row: its largest |weight| is 127."""
        if self.head == "float32":
            return {"weight": self.floats(name, weight)}
        integers, scale = to_bytes(weight.detach().cpu())
        self.tensors[name] = integers.to(torch.int8).numpy()
        return {"weight": name, "weight_scale": self.floats(f"{name}_scale", scale)}

    def bits(self, name, weight):
        """[O, I, kh, kw] to words: bit 1 is +1, elements (y, x, channel), each filter from a new word."""
        elements = weight.detach().cpu().permute(0, 2, 3, 1).reshape(len(weight), -1) > 0
        packed = np.packbits(elements.numpy(), axis=1, bitorder="little")
        words = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
        words[:, : packed.shape[1]] = packed
        self.tensors[name] = words.view("<u8")
        return name

    def graph(self, output, stream):
        return {"inputs": self.inputs, "nodes": self.nodes, "outputs": [output], **stream}


def export(
    net, path, size, name, class_ids, class_names, provenance, head="float32", temperature=1.0,
    fraction=None,
):
    """fraction: of an int16 stream; None for float32."""
    writer = GraphWriter(size, head)
    output = net.write(writer, "logits", "image")
    stream = {} if fraction is None else {"stream": {"type": "int16", "fraction": fraction}}
    metadata = {
        "format": "mobinet",
        "format_version": "1",
        "name": name,
        "graph": json.dumps(writer.graph(output, stream), separators=(",", ":")),
        "labels": json.dumps(class_names, ensure_ascii=False),
        "label_ids": json.dumps(class_ids),
        "preprocessing": json.dumps({
            "size": [size, size],
            "resize": {"rule": "shorter-side", "size": size, "filter": "bilinear"},
            "crop": "center", "mean": data.MEAN, "std": data.STD,
        }),
        "provenance": json.dumps(provenance),
        "temperature": f"{temperature:.4g}",
    }
    safetensors_file.write(path, metadata, writer.tensors)


def synthetic_pictures(size):
    """Pictures made by formula: no data is needed to make them again."""
    y, x = np.mgrid[0:size, 0:size]
    waves = [np.sin(x / 5) * 127 + 128, np.cos(y / 7) * 127 + 128, (x * y) % 256]
    rings = np.hypot(x - size / 2, y - size / 2) * 9 % 256
    noise = np.random.RandomState(7).randint(0, 256, (size, size, 3))
    return {
        "waves": np.stack(waves, 2),
        "rings": np.stack([rings, 255 - rings, rings / 2], 2),
        "noise": noise,
        "grey": np.full((size, size, 3), 128),
    }


@torch.no_grad()
def write_golden(net, folder, size, model_name):
    """Inputs as uint8 pixels after resize and crop, with PyTorch's logits, in one JSON file."""
    pictures = {name: np.uint8(pixels) for name, pixels in synthetic_pictures(size).items()}
    for path in sorted((ROOT / "samples").glob("*.*g")):
        reading = Image.open(path).convert("RGB")
        scale = size / min(reading.size)
        reading = reading.resize([int(side * scale) for side in reading.size], Image.BILINEAR)
        left, top = (round((side - size) / 2) for side in reading.size)
        pictures[path.name] = np.asarray(reading.crop((left, top, left + size, top + size)))
    cases = []
    for name, pixels in pictures.items():
        logits = net(data.normalise(torch.from_numpy(pixels.copy())[None]))[0].tolist()
        cases.append({"name": name, "pixels": pixels.tobytes().hex(), "logits": logits})
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    golden = {"model": model_name, "size": size, "torch": torch.__version__, "cases": cases}
    (folder / f"{Path(model_name).stem}.json").write_text(json.dumps(golden))


@torch.no_grad()
def predict(net, source, size, batch=250):
    """(class ids, names, logits) of the pictures of a zip file or folder."""
    pictures = data.list_pictures(source)
    logits = []
    for begin in tqdm(range(0, len(pictures), batch), desc="predicting", leave=False):
        part = pictures[begin : begin + batch]
        pixels = torch.from_numpy(np.stack([data.decode(name, read(), size) for _, name, read in part]))
        logits.append(net(data.normalise(pixels)))
    class_ids, names, _ = zip(*pictures)
    return class_ids, names, torch.cat(logits)


def some_pictures(source, size, count=500):
    """Up to so many pictures of a zip file or folder, evenly from all of it, as the network's input."""
    pictures = data.list_pictures(source)
    some = pictures[:: -(-len(pictures) // count)]
    return data.normalise(torch.from_numpy(np.stack([data.decode(name, read(), size) for _, name, read in some])))


def calibrated_temperature(net, source, size, class_ids):
    expected, names, logits = predict(net, source, size)
    fitted, _ = calibration.halves(names)
    classes = torch.tensor([class_ids.index(expected[k]) for k in fitted])
    return calibration.fit_temperature(logits[fitted], classes)


def write_predictions(net, path, source, size):
    """PyTorch's own top-5 of each picture, in the arithmetic of the file, for comparison with the runtime."""
    expected, names, logits = predict(net, source, size)
    best = logits.topk(5).indices.tolist()
    Path(path).write_text(json.dumps(dict(zip(names, zip(expected, best)))))


def classes_of(checkpoint, path):
    """(ids, names) of the file at `path` or, without one, of the run. Raises SystemExit where they are not the network's."""
    count = checkpoint["network"]["classes"]
    settings = checkpoint.get("settings")
    if not path and settings is None:
        raise SystemExit("the checkpoint does not say what its classes are: --classes FILE")
    if path:
        class_ids, class_names = data.read_classes(path)
    else:
        step = slice(None, None, settings["class_step"])
        class_ids, class_names = (names[step] for names in data.classes_of(settings["classes"], settings["train"]))
    if len(class_ids) != count:
        raise SystemExit(f"{path or 'the run'} has {len(class_ids)} classes, and the network {count}")
    return class_ids, class_names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("model", help="the .safetensors file to write")
    parser.add_argument("--name", required=True)
    parser.add_argument("--size", type=int, help="of the network's input, pixels [the run's]")
    parser.add_argument("--classes", help="<id>\\t<name> lines [the run's]")
    parser.add_argument("--provenance", default="{}", help="JSON: data, recipe, epochs, hardware ...")
    parser.add_argument("--head", choices=("float32", "int8"), default="float32", help="weights of the classifier")
    parser.add_argument("--int16", metavar="SOURCE",
                        help="feature maps in 16 bits, with the range that they have for these pictures")
    parser.add_argument("--calibrate", metavar="SOURCE", help="pictures; every other one gives the temperature")
    parser.add_argument("--latent", help="file for the float weights under the signs: train.py --start-from goes on from them")
    parser.add_argument("--golden", help="folder for golden logits")
    parser.add_argument("--predictions", nargs=2, metavar=("SOURCE", "JSON"))
    arguments = parser.parse_args()

    checkpoint = torch.load(arguments.checkpoint, map_location="cpu")
    net = networks.build(checkpoint["network"])
    net.load_state_dict(checkpoint["model"])
    net.eval()
    if arguments.latent:
        restore.write_latent(arguments.latent, checkpoint["network"], checkpoint["model"])
    arguments.size = arguments.size or checkpoint.get("settings", {}).get("size", 64)
    class_ids, class_names = classes_of(checkpoint, arguments.classes)
    if arguments.head == "int8":
        round_head(net)
    temperature, fraction = 1.0, None
    if arguments.int16:
        fraction = fixed_point.fraction_bits(net, some_pictures(arguments.int16, arguments.size))
    if arguments.calibrate:
        temperature = calibrated_temperature(net, arguments.calibrate, arguments.size, class_ids)
    export(net, arguments.model, arguments.size, arguments.name, class_ids, class_names,
           json.loads(arguments.provenance), arguments.head, temperature, fraction)
    size = Path(arguments.model).stat().st_size
    kept = "float32" if fraction is None else f"int16 with {fraction} bits of fraction"
    print(f"{arguments.model}: {size:,} bytes, temperature {temperature:.3f}, stream {kept}")
    if arguments.golden:
        write_golden(net, arguments.golden, arguments.size, Path(arguments.model).name)
    if arguments.predictions:
        whole = net if fraction is None else lambda x: int16.forward(net, x, fraction)
        write_predictions(whole, arguments.predictions[1], arguments.predictions[0], arguments.size)


if __name__ == "__main__":
    main()
