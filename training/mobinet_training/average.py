"""Moving averages of weights: what a run with noisy steps is around."""

import copy

import torch


class Average:
    """The moving average of a network's parameters and statistics; `net` is a network of its own.

    decay: 0..1, of the average at each step; at first less, so that the beginning is forgotten.
    """

    def __init__(self, net, decay):
        self.net, self.decay, self.steps = copy.deepcopy(net).eval(), decay, 0

    def pairs(self, net):
        """(averages, news): the floating-point tensors of both networks."""
        both = zip(self.net.state_dict().values(), net.state_dict().values())
        return zip(*[(a, b) for a, b in both if a.is_floating_point()])

    @torch.no_grad()
    def update(self, net):
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 9))
        averages, news = map(list, self.pairs(net))
        torch._foreach_mul_(averages, decay)
        torch._foreach_add_(averages, news, alpha=1 - decay)

    def state_dict(self):
        return {"net": self.net.state_dict(), "steps": self.steps}

    def load_state_dict(self, state):
        self.net.load_state_dict(state["net"])
        self.steps = state["steps"]
