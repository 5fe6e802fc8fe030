"""The table of kinds: one file a family, and what `--kind` takes. A new one is a file here and a line."""

from .mobilenet_v1 import MobileNetV1
from .mobinet import MoBiNet

KINDS = {"mobinet": MoBiNet, "mobilenet_v1": MobileNetV1}


def build(settings):
    """The network of a checkpoint's `network` settings: a dict with `kind` and its arguments."""
    arguments = {key: value for key, value in settings.items() if key != "kind"}
    return KINDS[settings["kind"]](**arguments)
