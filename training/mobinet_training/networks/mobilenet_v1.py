"""Float MobileNet v1 (Howard et al., 2017)."""

from torch import nn

from ..layers import BatchNorm2d, Chain, Conv2d, Linear, Parts, ReLU
from .backbone import Backbone

# (in, out, stride) of the thirteen blocks at width 1, as in MobileNet v1.
BLOCKS = (
    [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)]
    + [(512, 512, 1)] * 5
    + [(512, 1024, 2), (1024, 1024, 1)]
)


class FloatBlock(Chain):
    """Depthwise and pointwise convolution, each with batch norm and ReLU."""

    def __init__(self, inputs, outputs, stride, before_signs=False):
        def convolve(a, b, size, stride, groups, linear=False):
            return Parts(Conv2d(a, b, size, stride, groups), BatchNorm2d(b), *([] if linear else [ReLU()]))

        super().__init__(
            convolve(inputs, inputs, 3, stride, inputs), convolve(inputs, outputs, 1, 1, 1, before_signs))


class MobileNetV1(Backbone):
    """Float MobileNet v1 (Howard et al., 2017), [N, 3, size, size] -> logits [N, classes]."""

    def __init__(self, width=1.0, classes=1000, stem_stride=2):
        super().__init__()
        stem, last = int(32 * width), int(1024 * width)
        self.stem = Parts(Conv2d(3, stem, 3, stem_stride), BatchNorm2d(stem), ReLU())
        self.blocks = nn.Sequential(*(FloatBlock(int(i * width), int(o * width), s) for i, o, s in BLOCKS))
        self.head = Linear(last, classes)
