"""Are scores what they promise: of the answers given with 70 %, are 70 % right?

A temperature is fitted on one half of the pictures, and what is reported is of the other half.
"""

import torch
from torch.nn import functional as F


def halves(names):
    """Indices of every other picture, in the order of their last two names, and of the rest."""
    order = sorted(range(len(names)), key=lambda k: names[k].split("/")[-2:])
    return order[::2], order[1::2]


def fit_temperature(logits, classes):
    """The temperature of softmax(logits / temperature) that makes the classes likeliest.

    logits: float [N, classes]; classes: int64 [N].
    """
    log_temperature = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_temperature], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(logits / log_temperature.exp(), classes)
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_temperature.exp().item()


def reliability(scores, right, bins=10):
    """(mean score, share that is right, count) of the answers in each bin of scores that has any.

    scores: 0..1, of the best class; right: whether it was the expected one.
    """
    rows = []
    for k in range(bins):
        members = [n for n, score in enumerate(scores) if min(int(score * bins), bins - 1) == k]
        if members:
            mean = sum(scores[n] for n in members) / len(members)
            rows.append((mean, sum(right[n] for n in members) / len(members), len(members)))
    return rows


def calibration_error(rows):
    """Expected calibration error: |score - share right|, averaged over the answers of all bins."""
    total = sum(count for _, _, count in rows)
    return sum(abs(score - share) * count for score, share, count in rows) / total
