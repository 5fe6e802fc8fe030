"""sign of activations and of weights, with the gradients that papers give them."""

import torch


def sign(x):
    """+1 where x > 0, else -1 (eq. 1): sign(0) = sign(-0) = -1."""
    return (x > 0).to(x.dtype).mul_(2).sub_(1)


class SignActivation(torch.autograd.Function):
    """sign, whose gradient passes through a window around 0.

    window: 'clip', 1 up to |x| = 1 (the paper's straight-through estimator);
    'polynomial', 2 - 2|x| up to |x| = 1 (Bi-Real Net); 'triangle', 1 - |x| / 2 up to |x| = 2.
    """

    @staticmethod
    def forward(ctx, x, window):
        ctx.save_for_backward(x)
        ctx.window = window
        return sign(x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        size = x.abs()
        # In place: on a CPU new memory costs more than the arithmetic.
        if ctx.window == "clip":
            slope = (size <= 1).to(x.dtype)
        elif ctx.window == "polynomial":
            slope = size.mul_(-2).add_(2).clamp_(min=0)
        elif ctx.window == "triangle":
            slope = size.mul_(-0.5).add_(1).clamp_(min=0)
        else:
            raise ValueError(f"unknown window {ctx.window!r}: clip, polynomial or triangle")
        return slope.mul_(gradient), None


class SignWeight(torch.autograd.Function):
    """sign(w), whose gradient, divided by `scale` where there is one, passes where |w| <= 1."""

    @staticmethod
    def forward(ctx, w, scale):
        ctx.save_for_backward(w, scale)
        return sign(w)

    @staticmethod
    def backward(ctx, gradient):
        w, scale = ctx.saved_tensors
        passed = gradient * (w.abs() <= 1).to(w.dtype)
        return (passed if scale is None else passed / scale), None


def binary_weight(w, gradient, use_alpha):
    """sign(w) and alpha, [outputs, 1, 1, 1], or None; the weight w^ is alpha_i * sign(w_ij) (eq. 3).

    gradient: 'paper', eq. 5:
        dL/dw_ij = sign(w_ij) / p * sum_k [dL/dw^_ik * sign(w_ik)] + alpha_i * dL/dw^_ij * [|w_ij| <= 1]
    its first part is what comes through alpha, its second what comes through the sign;
    'straight': dL/dw^_ij * [|w_ij| <= 1].
    """
    if gradient not in ("paper", "straight"):
        raise ValueError(f"unknown gradient {gradient!r}: paper or straight")
    if not use_alpha:
        return SignWeight.apply(w, None), None
    alpha = alpha_of(w)
    if gradient == "paper":
        return SignWeight.apply(w, None), alpha
    alpha = alpha.detach()
    return SignWeight.apply(w, alpha), alpha


def alpha_of(w):
    """mean |w| of each filter, [outputs, 1, 1, 1]."""
    return w.abs().mean(dim=(1, 2, 3), keepdim=True)


def straight_through(w, quantised):
    """`quantised`, whose gradient is passed to w as it is."""
    return w + (quantised - w).detach()
