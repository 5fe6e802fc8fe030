"""A classifier on features that stay as they are: what a few seconds give, and where fine-tuning starts."""

import torch
from torch.nn import functional as F
from tqdm import tqdm

DECAYS = (1e-4, 1e-3, 1e-2, 1e-1)


def fit(features, classes, count, decay):
    """(weight [count, channels], bias [count]) of the likeliest classes; decay: of the standardised weights' squares.

    features: float [N, channels]; classes: int64 [N].
    """
    mean, deviation = features.mean(0), features.std(0).clamp(min=1e-6)
    x = (features - mean) / deviation
    weight = torch.zeros(count, x.shape[1], requires_grad=True)
    bias = torch.zeros(count, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(x @ weight.T + bias, classes) + decay * weight.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    whole = weight.detach() / deviation
    return whole, bias.detach() - whole @ mean


def best_fit(train, val, count):
    """((weight, bias), share of the validation pictures that is right) of the best of some decays.

    train, val: (features, classes).
    """
    def right(head):
        weight, bias = head
        return ((val[0] @ weight.T + bias).argmax(1) == val[1]).float().mean().item()

    heads = [fit(*train, count, decay) for decay in tqdm(DECAYS, desc="classifiers", leave=False)]
    best = max(heads, key=right)
    return best, right(best)


def not_itself_in_a_mirror(head, features, mirrored, classes):
    """The first class that is another one in a mirror, and that one; None where there is none.

    That is a class most of whose mirrored pictures are called one other class, of the pictures that are called
    right as they are, four or more. head: (weight, bias); features and mirrored: of the same pictures.
    """
    weight, bias = head
    straight, turned = ((x @ weight.T + bias).argmax(1) for x in (features, mirrored))
    for label in classes.unique().tolist():
        answers = turned[(classes == label) & (straight == label)]
        if len(answers) < 4:
            continue
        usual = answers.mode().values.item()
        if usual != label and 2 * (answers == usual).sum().item() > len(answers):
            return label, usual
    return None
