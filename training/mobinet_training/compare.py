"""Do PyTorch and the runtime agree? Top-1, top-5 and agreement of two files of predictions.

    python training/export.py CHECKPOINT model.safetensors ... --predictions val.zip torch.json
    npx mobinet eval val/ --model model.safetensors --predictions runtime.json
    python training/compare.py torch.json runtime.json CLASSES
"""

import json
import sys

from . import data


def main(torch_path, runtime_path, classes_path):
    class_ids, _ = data.read_classes(classes_path)
    theirs = {"/".join(name.split("/")[-2:]): row for name, row in json.load(open(torch_path)).items()}
    ours = {"/".join(row["file"].split("/")[-2:]): row for row in json.load(open(runtime_path))}
    if set(theirs) != set(ours):
        raise SystemExit(f"not the same pictures: {sorted(set(theirs) ^ set(ours))[:3]}")
    count = len(ours)
    same = top1 = top5 = their_top1 = their_top5 = 0
    for name, row in ours.items():
        class_id, best = theirs[name]
        expected = class_ids.index(class_id)
        same += row["predicted"] == best[0]
        top1 += row["predicted"] == expected
        top5 += expected in row["top5"]
        their_top1 += best[0] == expected
        their_top5 += expected in best
    print(f"{count} pictures: PyTorch top-1 {their_top1 / count:.2%}, top-5 {their_top5 / count:.2%}; "
          f"runtime top-1 {top1 / count:.2%}, top-5 {top5 / count:.2%}; same label {same / count:.2%}")


if __name__ == "__main__":
    main(*sys.argv[1:])
