"""What all networks have in common."""

from torch import nn


class Backbone(nn.Module):
    """[N, 3, size, size] -> logits [N, classes]: stem, blocks, global average pool, head."""

    def features(self, x):
        """[N, 3, size, size] -> [N, channels], what the head reads."""
        return self.blocks(self.stem(x).to(x.dtype)).mean((2, 3))

    def forward(self, x):
        return self.head(self.features(x))

    def block_name(self, index):
        return f"blocks.{index}"

    def write(self, writer, name, value):
        """`name` is the logits'; `value`, the input of the graph; returns that of the logits."""
        value = self.stem.write(writer, "stem", value)
        for index, block in enumerate(self.blocks):
            value = block.write(writer, self.block_name(index), value)
        value = writer.add("pool", "global_average_pool", [value])
        return self.head.write(writer, name, value)
