"""Float MobileNet v1 (Howard et al., 2017), and the backbone that its likes share."""

from torch import nn

from ..layers import BatchNorm2d, Conv2d, Linear, ReLU

# (in, out, stride) of the thirteen blocks at width 1, as in MobileNet v1.
BLOCKS = (
    [(32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2)]
    + [(512, 512, 1)] * 5
    + [(512, 1024, 2), (1024, 1024, 1)]
)


class FloatBlock(nn.Sequential):
    """Depthwise and pointwise convolution, each with batch norm and ReLU."""

    def __init__(self, inputs, outputs, stride, before_signs=False):
        def convolve(a, b, size, stride, groups, linear=False):
            return nn.Sequential(Conv2d(a, b, size, stride, groups), BatchNorm2d(b), *([] if linear else [ReLU()]))

        super().__init__(
            convolve(inputs, inputs, 3, stride, inputs), convolve(inputs, outputs, 1, 1, 1, before_signs))

    def write(self, writer, name, value):
        for place, layers in enumerate(self):
            for layer, part in zip(layers, ("conv", "norm", "relu")):
                value = layer.write(writer, f"{name}.{place}.{part}", value)
        return value


class Backbone(nn.Module):
    """[N, 3, size, size] -> logits [N, classes]: stem, thirteen blocks, global average pool, head."""

    def features(self, x):
        """[N, 3, size, size] -> [N, channels], what the head reads."""
        return self.blocks(self.stem(x).to(x.dtype)).mean((2, 3))

    def forward(self, x):
        return self.head(self.features(x))

    def write(self, writer, name, value):
        """`name` is the input's of the graph; returns that of the logits."""
        rectified = "relu" if isinstance(self.stem[2], ReLU) else "prelu"
        for layer, part in zip(self.stem, ("conv", "norm", rectified)):
            value = layer.write(writer, f"stem.{part}", value)
        for index, block in enumerate(self.blocks):
            value = block.write(writer, f"blocks.{index}", value)
        value = writer.add("pool", "global_average_pool", [value])
        return self.head.write(writer, name, value)


class MobileNetV1(Backbone):
    """Float MobileNet v1 (Howard et al., 2017), [N, 3, size, size] -> logits [N, classes]."""

    def __init__(self, width=1.0, classes=1000, stem_stride=2):
        super().__init__()
        stem, last = int(32 * width), int(1024 * width)
        self.stem = nn.Sequential(Conv2d(3, stem, 3, stem_stride), BatchNorm2d(stem), ReLU())
        self.blocks = nn.Sequential(*(FloatBlock(int(i * width), int(o * width), s) for i, o, s in BLOCKS))
        self.head = Linear(last, classes)
