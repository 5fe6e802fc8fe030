"""Every setting of a training run, its default and what it is: the options of train.py."""

import argparse
import os
import shutil
from pathlib import Path

import torch

from . import networks

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT.parent / "shared" / "data" / "tiny-imagenet"

AUTO = ("auto", "true", "false")

# name: (default, what it is); a tuple as the default is a choice, the first of it by default.
SECTIONS = {
    "where": {
        "out": ("training/runs/default", "folder for checkpoints, metrics.csv and curves.png; what is there is resumed"),
        "train": ([str(DATA / f"train-{k}.zip") for k in range(3)], "zip files or folders of pictures, a folder a class"),
        "val": ([str(DATA / "val.zip")], "the same, to validate with; not used with --val-share"),
        "val_share": (0.0, "share of the training pictures, 0..1, to validate with; they are not trained on"),
        "tracks": (AUTO, "with --val-share: <track>_<frame> pictures of one track stay on one side; auto: if they look like it"),
        "classes": ("", "file of <id><tab><name> lines; without, the classes are the names of the folders"),
        "cache": ("training/runs/cache", "folder for decoded pictures"),
    },
    "network": {
        "kind": (tuple(networks.KINDS), "MoBiNet, or one that it is compared with; each has the options that its class has"),
        "block": (("mid", "none", "pre", "post", "lean"), "order of the convolutions in a block"),
        "k": (3, "2^k channels a group, 0 to 4"),
        "width": (0.5, "factor of all channels"),
        "prelu": (True, "PReLU, or ReLU"),
        "skips": (True, "each unit adds its input"),
        "doubling_skip": (True, "a skip also where channels double"),
        "window": (("triangle", "clip", "polynomial"), "gradient of the activations' sign"),
        "weight_gradient": (("paper", "straight"), "gradient of the weights' sign: eq. 5, or straight-through"),
        "alpha": (True, "weights are scaled by their mean size, per filter"),
        "sign_shift": (False, "learned thresholds before the signs"),
        "prelu_shift": (False, "learned biases before the PReLUs"),
        "binary_weights": (True, "false: for a first step, to --start-from in a second"),
        "stem_stride": (2, "2, or 1 for pictures of 32 pixels; 4, of a ResNet: its own, of 7x7 and a pool"),
        "levels": (1, "thresholds a sign: so many binary convolutions with the same weights are added up"),
        "float_blocks": (0, "so many blocks, from the first, are float, of MobileNet v1, and the rest binary"),
        "activation_bits": (1, "bits of an activation, 1 to 4 (dorefa)"),
        "weight_bases": (1, "binary bases of the weights, 1 to 5 (abcnet)"),
        "activation_bases": (1, "binary bases of the activations, 1 to 5 (abcnet)"),
        "ternary_threshold": (0.7, "weights are 0 up to so many times their mean size (twn)"),
    },
    "pictures": {
        "size": (64, "height and width of the network's input, pixels"),
        "small_size": (48, "size in the first part of the run: more pictures a second"),
        "small_part": (0.0, "that part, 0..1"),
        "shift": (6.0, "views are shifted by up to this many pixels"),
        "flip": (("true", "false"), "mirror left and right"),
        "rotate": (0.0, "degrees, either way"),
        "scale": (0.0, "natural logarithm of the scale, either way; half of it for the aspect"),
        "light": (0.0, "natural logarithm of brightness, either way; half of it for contrast, a fifth for colours"),
        "blur": (0.0, "share of the views that are blurred"),
        "noise": (0.0, "largest standard deviation of noise, grey levels"),
    },
    "optimisation": {
        "start_from": ("", "checkpoint, model file or latent weights to start from; the network is theirs"),
        "epochs": (50, "end after so many"),
        "minutes": (0.0, "end after so many minutes of training, compiling not counted; 0: no such end"),
        "clock": (("wall", "processor"), "what minutes are of; processor time on a computer that does other work as well"),
        "batch": (64, "pictures a step"),
        "lr": (3e-3, "learning rate"),
        "schedule": (("linear", "cosine", "paper"), "of the learning rate, to 0; paper: times 0.1 at 40 %% and at 60 %%"),
        "warmup": (0.01, "share of the run, 0..1, in which the learning rate rises"),
        "weight_decay": (0.0, "of Adam"),
        "label_smoothing": (0.1, "0..1"),
        "average": (0.0, "decay of the moving average of the weights that the run ends with; 0: none"),
        "reestimate": (6400, "pictures from which the batch norms' statistics are taken anew at the end; 0: none"),
        "teacher": ([], "checkpoints or model files of networks to distil from; of several, the mean of their scores"),
        "teacher_once": (False, "they answer each picture once, before training, and all views of it have that answer"),
        "teacher_weight": (0.9, "of the teacher's loss beside that of the labels"),
        "consistency": (0.0, "weight of the distance between the scores of a view and of the view with a grey level of noise"),
        "int16": (-1, "train with the arithmetic of an int16 stream of so many bits of fraction; -1: float32"),
    },
    "running": {
        "seed": (0, "of the weights, the order of the pictures and the views"),
        "device": ("cuda" if torch.cuda.is_available() else "cpu", "cpu or cuda"),
        "bfloat16": (AUTO, "convolutions in bfloat16; auto: where the processor has it"),
        "compile": (AUTO, "torch.compile: twice as fast on a CPU, after a minute or two; auto: if that pays"),
        "checkpoint_minutes": (5.0, "between two checkpoints; Ctrl-C writes one as well"),
        "checkpoint_epochs": (0, "a checkpoint after every n-th epoch, too; 0: none"),
        "class_step": (1, "take every n-th class only, for trials"),
        "picture_step": (1, "take every n-th picture of --train only, in order of name: of tracks, every n-th frame"),
    },
}

NETWORK = tuple(name for name in SECTIONS["network"] if name != "kind")


def defaults():
    return {
        name: value[0] if isinstance(value, tuple) else value
        for section in SECTIONS.values() for name, (value, _) in section.items()
    }


def parse_settings(arguments=None, description=None):
    """The settings, and in `given` the names of those that the command line has."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS)
    for title, section in SECTIONS.items():
        group = parser.add_argument_group(title)
        for name, (value, text) in section.items():
            option = "--" + name.replace("_", "-")
            usual = value[0] if isinstance(value, tuple) else "true" if value is True else "false" if value is False else value
            if isinstance(value, list):
                group.add_argument(option, nargs="+", metavar="PATH", help=text)
                continue
            how = {"type": type(value)}
            if isinstance(value, bool):
                how = {"type": lambda text: {"true": True, "false": False}[text], "metavar": "true|false"}
            elif isinstance(value, tuple):
                how = {"choices": value, "metavar": "|".join(value)}
            elif not isinstance(value, str):
                how["metavar"] = "N" if isinstance(value, int) else "X"
            group.add_argument(option, help=f"{text} [{usual}]" if usual != "" else text, **how)
    given = vars(parser.parse_args(arguments))
    return argparse.Namespace(**{**defaults(), **given}, given=sorted(given))


def with_network_of(s, settings):
    """Takes the network over from the file that the run starts from.

    settings: `network` settings of that file. Raises SystemExit where an option that was given says otherwise.
    """
    if settings["kind"] == "mobilenet_v1" and s.float_blocks:
        settings = {"width": settings["width"], "stem_stride": settings["stem_stride"]}
    for name, value in settings.items():
        if name == "classes" or name not in ("kind", *NETWORK):
            continue
        if name in s.given and getattr(s, name) != value and name in settings:
            # A part that the file lacks can be added, and starts at nothing; the weights' form is free.
            if name in ("sign_shift", "prelu_shift") and not value or name in ("window", "weight_gradient", "binary_weights"):
                continue
            raise SystemExit(
                f"--{name.replace('_', '-')} is {getattr(s, name)}, but {s.start_from} has {value}: leave the option out")
        if name not in s.given:
            setattr(s, name, value)
    refuse_foreign_options(s)


def refuse_foreign_options(s):
    """Raises SystemExit where an option was given that the kind does not have."""
    own = networks.options_of(s.kind)
    foreign = [name for name in s.given if name in NETWORK and name not in own]
    if foreign:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in own)
        raise SystemExit(f"--{foreign[0].replace('_', '-')} is no option of the kind {s.kind}, which has {names}")
    if s.int16 >= 0 and s.kind != "mobinet":
        raise SystemExit(f"--int16 is for MoBiNet, and the kind is {s.kind}: leave it out")


def network_settings(s, classes):
    """What networks.build makes the network from."""
    return {"kind": s.kind, "classes": classes, **{name: getattr(s, name) for name in networks.options_of(s.kind)}}


def has_bfloat16():
    """Whether the processor multiplies bfloat16; emulated it is five times slower than float32."""
    try:
        flags = next(line for line in open("/proc/cpuinfo") if line.startswith(("flags", "Features")))
    except (OSError, StopIteration):
        return False
    return any(flag in flags.split() for flag in ("avx512_bf16", "amx_bf16", "bf16"))


def resolve(s):
    """Decides what was left to `auto` about this computer. Raises SystemExit where it cannot do what is wanted."""
    if not s.start_from:
        refuse_foreign_options(s)
    on_gpu = s.device.startswith("cuda")
    if s.bfloat16 == "true" and not on_gpu and not has_bfloat16():
        raise SystemExit("--bfloat16 true: this processor has no instructions for it, and would be slower: leave it out")
    if s.bfloat16 == "auto":
        s.bfloat16 = "true" if on_gpu or has_bfloat16() else "false"
    can = hasattr(torch, "compile") and bool(shutil.which(os.environ.get("CXX", "g++")))
    if s.compile == "true" and not can:
        raise SystemExit("--compile true needs PyTorch 2 and a C++ compiler (g++): leave it out")
    if s.compile == "auto":
        pays = not on_gpu and (s.minutes == 0 or s.minutes >= 5)
        s.compile = "true" if can and pays else "false"
    return s
