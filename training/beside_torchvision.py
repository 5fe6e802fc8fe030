"""What stands beside `mobinet-train`: torchvision's MobileNet v2 from scratch, on the same pictures, for the same minutes.

    pip install ./training torchvision onnx onnxscript
    python training/beside_torchvision.py FOLDER TEST --out beside.onnx --minutes 10
    node bench/beside.js my.safetensors beside.onnx

All but the network is what `mobinet-train FOLDER --start-from scratch` has: the pictures held back, views, Adam, minutes,
the mean of the weights, and that the best in validation is taken. TEST holds folders of the same names, or is such a zip file.
"""

import argparse
from pathlib import Path

import torch
import torchvision

from mobinet_training import data, networks, own_classes, train


class MobileNetV2(torchvision.models.MobileNetV2):
    """torchvision's own, with its classifier where the loop looks for it."""

    @property
    def head(self):
        return self.classifier[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the .onnx file to write")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall", help="what minutes are of")
    parser.add_argument("--flip", choices=("true", "false"), default="true")
    chosen = parser.parse_args()

    as_ours = own_classes.parse([
        str(chosen.folder), "--out", str(chosen.out.with_suffix(".safetensors")), "--start-from", "scratch",
        "--minutes", str(chosen.minutes), "--clock", chosen.clock])
    s = own_classes.settings(as_ours, chosen.out.with_suffix(".run"))
    s.flip = chosen.flip
    class_ids, _, pictures, val = own_classes.pictures_of(s)
    networks.build = lambda settings: MobileNetV2(num_classes=settings["classes"])  # the loop's network
    run = train.Run(s, len(class_ids), pictures, val)
    run.train()

    net = networks.build(run.network)
    net.load_state_dict(torch.load(run.out / "best.pt", map_location="cpu")["model"])
    net.eval()
    pixels, classes, _ = data.load([chosen.test], class_ids, s.size, s.cache)
    top1, top5, _ = train.accuracy(net, pixels, classes)
    torch.onnx.export(net, (torch.zeros(1, 3, s.size, s.size),), chosen.out, input_names=["image"], external_data=False)
    print(f"{run.step / run.per_epoch:.1f} epochs; {top1:.1f} % of {len(pixels)} pictures right, {top5:.1f} % among the first "
          f"five; {chosen.out}: {chosen.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
