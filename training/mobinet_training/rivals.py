"""MoBiNet among the networks it is compared with, each trained for the same minutes: training/RIVALS.md.

    python training/rivals.py --minutes 2

Minutes are of processor time, one thread each, so that other work on the computer takes nothing from one of them.

On the pictures of the ablations. What has been run is kept in --runs and not run again; each network is exported, and
timed in the runtime where `npm run build` has made it. RIVALS.md is written anew after each run.
"""

import argparse
import json
import shutil
import subprocess
from pathlib import Path
from statistics import mean, stdev

from . import export, restore
from .ablate import HERE, PILOT, Runs

# Name, and what differs from MoBiNet-Mid with K = 3 as train.py has it.
ROWS = {
    "MoBiNet-Mid, K = 3": {},
    "MobileNet v1, float": {"kind": "mobilenet_v1"},
    "Bi-Real Net 18": {"kind": "bireal18"},
    "ReActNet-A": {"kind": "reactnet_a"},
    "XNOR-Net": {"kind": "xnor_resnet18"},
    "BNN": {"kind": "bnn"},
    "ABC-Net, 1 x 1 bases": {"kind": "abcnet"},
    "ABC-Net, 3 x 3 bases": {"kind": "abcnet", "weight-bases": 3, "activation-bases": 3},
    "DoReFa-Net, 1 bit": {"kind": "dorefa"},
    "DoReFa-Net, activations of 2 bits": {"kind": "dorefa", "activation-bits": 2},
    "BWN": {"kind": "bwn"},
    "BinaryConnect": {"kind": "binaryconnect"},
    "TWN": {"kind": "twn"},
}

# Median milliseconds of a picture, after a warm-up.
TIME = """
import { loadModel } from './dist/node/index.js';
const model = await loadModel(process.argv[1]);
const input = new Float32Array(model.describe().input.reduce((a, b) => a * b)).fill(0.5);
const times = [];
for (let k = 0; k < 600; k++) {
  const begin = performance.now();
  await model.run(input);
  if (k >= 100) times.push(performance.now() - begin);
}
console.log(times.sort((a, b) => a - b)[times.length >> 1]);
"""


def deployed(folder, name, size):
    """Of a run: bytes of its model file, parameters, and the runtime's milliseconds, or None without the runtime."""
    kept = folder / "deployed.json"
    if kept.exists():
        return json.loads(kept.read_text())
    net, file = restore.load_network(folder / "latest.pt"), folder / "model.safetensors"
    labels = [str(k) for k in range(net.head.out_features)]
    export.export(net, file, size, name, labels, labels, {})
    milliseconds = None
    if (export.ROOT / "dist/node/index.js").exists() and shutil.which("node"):
        command = ["node", "--input-type=module", "-e", TIME, str(file.resolve())]
        ran = subprocess.run(command, cwd=export.ROOT, check=True, capture_output=True, text=True)
        milliseconds = float(ran.stdout)
    found = {
        "bytes": file.stat().st_size, "parameters": sum(p.numel() for p in net.parameters()), "milliseconds": milliseconds}
    kept.write_text(json.dumps(found))
    return found


def summary(runs, name, seeds):
    """Of all seeds that were run: top-1 of each, means of top-5 and epochs, and what `deployed` says of the first."""
    options = ROWS[name]
    done = [(seed, result) for seed in seeds if (result := runs.result(options, seed))]
    if not done:
        return None
    ends = [result["rows"][-1] for _, result in done]
    return {
        "name": name, "top1": [end["top1"] for end in ends], "top5": mean(end["top5"] for end in ends),
        "epochs": mean(end["epoch"] for end in ends), "hardware": done[0][1]["hardware"],
        **deployed(runs.path(options, done[0][0]), name, runs.common["size"]),
    }


def noise(summaries):
    """Standard deviation between seeds, pooled over the rows with two or more, or None."""
    scores = [one["top1"] for one in summaries if len(one["top1"]) > 1]
    freedom = sum(len(one) - 1 for one in scores)
    return (sum(stdev(one) ** 2 * (len(one) - 1) for one in scores) / freedom) ** 0.5 if freedom else None


def write(runs, seeds, path, command):
    found = [one for name in ROWS if (one := summary(runs, name, seeds))]
    spread = noise(found)
    common = runs.common
    lines = [
        "# MoBiNet among its rivals", "",
        f"Made by `{command}`; what has been run is kept, and not run again.", "",
        f"A pilot: each network was trained for {common['minutes']:g} min of processor time on {found[0]['hardware']}, on every",
        f"{common['class-step']}th class of Tiny ImageNet, at {common['size']} x {common['size']} pixels, with all channels times "
        f"{common['width']} and the options that `train.py` has",
        "for MoBiNet. So it says what a network of a kind learns quickly here, not what it can learn: recipes are those of no",
        "paper, and fast code counts as much as a good idea. Epochs are how many it managed. All but ReActNet-A and",
        "MobileNet v1 are of ResNet-18 with a stem for small pictures. Accuracy is on the 500 validation pictures of these",
        "classes. Files have float32 heads; milliseconds are the runtime's for one picture, one thread, float32 streams.", "",
        *([f"Of runs that differ in nothing but the seed, the standard deviation is {spread:.1f} points of top-1, pooled.", ""]
          if spread is not None else
          ["One seed each: the ablations' standard deviation between seeds is 1.5 points of top-1.", ""]),
        "| | top-1 | each seed | top-5 | epochs | parameters | file, KB | ms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in sorted(found, key=lambda one: -mean(one["top1"])):
        each = ", ".join(f"{top1:.1f}" for top1 in one["top1"])
        time = "" if one["milliseconds"] is None else f"{one['milliseconds']:.2f}"
        lines.append(
            f"| {one['name']} | {mean(one['top1']):.1f} | {each} | {one['top5']:.1f} | {one['epochs']:.1f} | "
            f"{one['parameters']:,} | {one['bytes'] / 1000:.0f} | {time} |")
    path.write_text("\n".join([*lines, ""]))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", default=str(HERE / "runs" / "rivals"), help="folder of what has been run")
    parser.add_argument("--results", type=Path, default=HERE / "RIVALS.md")
    parser.add_argument("--minutes", type=float, default=2.0, help="of training, for each network")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--set", nargs="+", default=[], metavar="OPTION=VALUE", help="of train.py, for all runs")
    chosen = parser.parse_args(arguments)
    settings = dict(text.split("=", 1) for text in chosen.set)
    # Time is what they have in common: they end by it alone.
    common = {
        **PILOT, "epochs": 100_000, "checkpoint-minutes": 1e6, "device": chosen.device, "minutes": chosen.minutes,
        "clock": "processor", **settings}
    common["size"] = int(common["size"])
    runs = Runs(chosen.runs, common)
    words = ["python training/rivals.py", f"--minutes {chosen.minutes:g}", f"--seeds {' '.join(map(str, chosen.seeds))}"]
    command = " ".join([*words, *(["--set", *chosen.set] if chosen.set else [])])
    for seed in chosen.seeds:
        for name, options in ROWS.items():
            runs.run(options, seed, 1)
            print(f"{name}, seed {seed}: top-1 {runs.result(options, seed)['rows'][-1]['top1']:.1f}", flush=True)
            write(runs, chosen.seeds, chosen.results, command)


if __name__ == "__main__":
    main()
