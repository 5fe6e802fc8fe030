"""The table of kinds: one file a family, and what `--kind` takes. A new one is a file here and a line.

A kind's options are the arguments of its class but `classes`; their defaults are those of settings.py.
"""

import inspect

from .abc_net import AbcNet
from .bireal18 import BiReal18
from .bit_weights import BWN, TWN, BinaryConnect
from .bnn import BNN
from .dorefa_net import DoReFaNet
from .mobilenet_v1 import MobileNetV1
from .mobinet import MoBiNet
from .reactnet_a import ReActNetA
from .xnor_net import XnorResNet18

KINDS = {
    "mobinet": MoBiNet, "mobilenet_v1": MobileNetV1, "bireal18": BiReal18, "xnor_resnet18": XnorResNet18,
    "reactnet_a": ReActNetA, "dorefa": DoReFaNet, "abcnet": AbcNet, "bwn": BWN, "binaryconnect": BinaryConnect,
    "twn": TWN, "bnn": BNN,
}


def options_of(kind):
    """Names of the options that a kind has."""
    return [name for name in inspect.signature(KINDS[kind]).parameters if name != "classes"]


def build(settings):
    """The network of a checkpoint's `network` settings: a dict with `kind` and its arguments."""
    arguments = {key: value for key, value in settings.items() if key != "kind"}
    return KINDS[settings["kind"]](**arguments)
