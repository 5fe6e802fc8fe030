"""What a trained model gets right and wrong, as one HTML file that needs nothing else."""

import base64
import html
import io

import matplotlib
import numpy as np
from PIL import Image

from . import calibration

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  after the choice of what it draws with

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem; text-align: left; border-bottom: 1px solid #ddd; }
img { max-width: 100%; } .worst { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; width: 8rem; font-size: .8rem; } figure img { width: 8rem; image-rendering: pixelated; }
"""


def embedded(content):
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def plot(draw, size):
    """The picture that draw(axes) makes, as the address of an img."""
    figure, axes = plt.subplots(figsize=size)
    draw(axes)
    figure.tight_layout()
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    plt.close(figure)
    return embedded(file.getvalue())


def confusion(expected, predicted, count):
    """Row: expected class, column: predicted class; int [count, count]."""
    matrix = np.zeros((count, count), dtype=int)
    np.add.at(matrix, (expected, predicted), 1)
    return matrix


def draw_confusion(axes, matrix, names):
    axes.imshow(matrix / matrix.sum(1, keepdims=True).clip(min=1), cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="answer", ylabel="class")
    if len(names) <= 50:
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
        axes.set_yticks(range(len(names)), names, fontsize=8)
    if len(names) <= 20:
        for row, column in zip(*matrix.nonzero()):
            colour = "white" if 2 * matrix[row, column] > matrix[row].sum() else "black"
            axes.text(column, row, matrix[row, column], ha="center", va="center", fontsize=7, color=colour)


def draw_reliability(axes, bins):
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", label="as promised")
    axes.plot([score for score, _, _ in bins], [share for _, share, _ in bins], marker="o", label="measured")
    axes.set(xlabel="score of the answer", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    axes.legend()


def draw_accuracy(axes, rows):
    axes.plot([row["minutes"] for row in rows], [row["top1"] for row in rows], marker="o")
    axes.set(xlabel="minutes", ylabel="right, % of the validation pictures")


def write(path, title, facts, names, pixels, expected, scores, rows, worst=24):
    """facts: (name, value) lines; pixels: uint8 [N, H, W, 3]; expected: int [N]; scores: float [N, classes]."""
    predicted, best = scores.argmax(1), scores.max(1)
    right = predicted == expected
    matrix = confusion(expected, predicted, len(names))
    bins = calibration.reliability(best.tolist(), right.tolist())
    side = min(14, max(5, 0.35 * len(names) + 2))
    totals = matrix.sum(1)
    by_class = sorted(
        (matrix[k, k] / totals[k], names[k], totals[k], k) for k in range(len(names)) if totals[k])

    def most_taken_for(k):
        others = matrix[k].copy()
        others[k] = 0
        return f"{names[others.argmax()]} ({others.max()})" if others.any() else ""

    def figure(k):
        file = io.BytesIO()
        Image.fromarray(pixels[k]).save(file, "PNG")
        words = f"{names[predicted[k]]} ({best[k]:.0%}), is {names[expected[k]]}"
        return f'<figure><img src="{embedded(file.getvalue())}" alt=""><figcaption>{html.escape(words)}</figcaption></figure>'

    wrong = [k for k in np.argsort(-best) if not right[k]][:worst]
    lines = "".join(f"<tr><th>{html.escape(name)}<td>{html.escape(str(value))}" for name, value in facts)
    classes = "".join(
        f"<tr><td>{html.escape(name)}<td>{share:.0%}<td>{total}<td>{html.escape(most_taken_for(k))}"
        for share, name, total, k in by_class)
    text = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style>
<h1>{html.escape(title)}</h1><table>{lines}</table>
<h2>By class, worst first</h2><table><tr><th>class<th>right<th>pictures<th>most often taken for{classes}</table>
<h2>Confusion</h2><img alt="Answers of each class" src="{plot(lambda axes: draw_confusion(axes, matrix, names), (side, side))}">
<h2>The surest of the wrong answers</h2><div class="worst">{"".join(map(figure, wrong)) or "None."}</div>
<h2>Are its scores right?</h2><p>Of the answers given with 70 %, 70 % should be right.
Expected calibration error {calibration.calibration_error(bins):.1%}.</p>
<img alt="Share of right answers by score" src="{plot(lambda axes: draw_reliability(axes, bins), (4.5, 4.5))}">
<h2>Over the time of training</h2><img alt="Validation accuracy over minutes" src="{plot(lambda axes: draw_accuracy(axes, rows), (7, 4))}">
"""
    path.write_text(text, encoding="utf-8")
