"""Figures for a model's card, from what the runtime answered: accuracy, calibration, confusions.

    npx mobinet eval val/ --model MODEL --json --predictions predictions.json > eval.json
    python training/card.py MODEL eval.json predictions.json models/NAME-reliability.png

Prints Markdown. Calibration is of the half of the pictures that the temperature was not fitted on
(calibration.halves), accuracy of all.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from . import calibration
from . import safetensors_file


def short(label):
    """The first of a class's names: 'Egyptian cat' of 'Egyptian cat, Felis catus'."""
    return label.split(",")[0]


def confusions(rows, labels, count=8):
    """(expected, predicted, times) of the pairs most often confused, in either direction."""
    pairs = Counter(
        tuple(sorted((row["expected"], row["predicted"]))) for row in rows if row["expected"] != row["predicted"])
    return [(short(labels[a]), short(labels[b]), times) for (a, b), times in pairs.most_common(count)]


def per_class(rows, labels):
    """(share that is right, label) of each class, worst first."""
    right, total = Counter(), Counter(row["expected"] for row in rows)
    right.update(row["expected"] for row in rows if row["expected"] == row["predicted"])
    return sorted((right[k] / total[k], short(labels[k])) for k in total)


def draw_reliability(path, bins, error):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(4.5, 4.5))
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", label="as promised")
    axes.plot([score for score, _, _ in bins], [share for _, share, _ in bins], marker="o", label="measured")
    for score, share, count in bins:
        axes.annotate(str(count), (score, share), textcoords="offset points", xytext=(6, -10), fontsize=7)
    axes.set(xlabel="score of the answer", ylabel="share of answers that are right", xlim=(0, 1), ylim=(0, 1),
             title=f"Expected calibration error {error:.1%}\n(numbers: answers)")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(model_path, evaluation_path, predictions_path, picture_path):
    metadata, _ = safetensors_file.read(model_path)
    labels = json.loads(metadata["labels"])
    evaluation = json.loads(Path(evaluation_path).read_text())
    rows = [row for row in json.loads(Path(predictions_path).read_text()) if "predicted" in row]
    _, held_out = calibration.halves([row["file"] for row in rows])
    bins = calibration.reliability(
        [rows[k]["score"] for k in held_out],
        [rows[k]["predicted"] == rows[k]["expected"] for k in held_out])
    error = calibration.calibration_error(bins)
    draw_reliability(picture_path, bins, error)
    classes = per_class(rows, labels)
    size = Path(model_path).stat().st_size
    print(f"{Path(model_path).name}: {size:,} bytes, temperature {metadata.get('temperature', '1')}")
    print(f"top-1 {evaluation['top1']:.2%}, top-5 {evaluation['top5']:.2%} of {evaluation['pictures']} pictures")
    print(f"expected calibration error {error:.2%}, on {len(held_out)} pictures")
    print(f"mean score {sum(rows[k]['score'] for k in held_out) / len(held_out):.2%}")
    print("\n| most often taken for each other | | times |\n| --- | --- | --- |")
    for a, b, times in confusions(rows, labels):
        print(f"| {a} | {b} | {times} |")
    print("\nBest: " + ", ".join(f"{label} ({share:.0%})" for share, label in classes[:-6:-1]) + ".")
    print("Worst: " + ", ".join(f"{label} ({share:.0%})" for share, label in classes[:5]) + ".")


if __name__ == "__main__":
    main(*sys.argv[1:])
