"""Trains a model for your own classes, and writes the one file that runs it.

    mobinet-train FOLDER --out my.safetensors

FOLDER holds a folder of pictures a class, each named as the class is; pictures may be of any size (PNG, JPEG, WebP).
First a classifier is fitted to the features of a model that is there, which takes seconds; then all of the network is
fine-tuned for --minutes. Of all that, what is best on the validation pictures is exported, with a report beside it
(my.html). Ctrl-C exports what is best so far; the same command goes on from there.
"""

import argparse
import json
import os
from collections import Counter
from pathlib import Path

import torch
from torch.nn import functional as F
from tqdm import tqdm

from . import calibration, data, export, fixed_point, int16, linear_head, networks, report, restore, train
from .average import Average
from .settings import ROOT

SHIPPED = {"things": "mobinet-steady-w50-64.safetensors", "signs": "mobinet-signs-k3-w25-32.safetensors"}
START_PICTURES = 3000
VALIDATION_PICTURES = 1000
# Where pictures are small, a network of 32 pixels sees all of them, four times as fast as one of 64; and where there are
# many it learns more from them in ten minutes than one of larger pictures has to offer.
SMALL_SIDE = 48
MANY_PICTURES = 200


def shipped(name):
    """The path of a model that ships: in the installed package, or in the repository."""
    folders = (Path(__file__).parent / "models", ROOT / "models")
    return next(folder / SHIPPED[name] for folder in folders if (folder / SHIPPED[name]).exists())


def parse(arguments):
    parser = argparse.ArgumentParser(
        "mobinet-train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="a folder of pictures a class; or such a zip file")
    parser.add_argument("--out", required=True, type=Path, help="the .safetensors file to write")
    parser.add_argument("--val", type=Path, help="pictures to validate with, as FOLDER; without, a seventh of FOLDER's")
    parser.add_argument("--minutes", type=float, default=20, metavar="X",
                        help="of fine-tuning; 0: the classifier alone is trained [%(default)g]")
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall", metavar="wall|processor",
                        help="what minutes are of; processor time on a computer that does other work as well [wall]")
    parser.add_argument("--epochs", type=int, default=60, metavar="N", help="end sooner, after so many [%(default)d]")
    parser.add_argument("--flip", choices=("auto", "true", "false"), default="auto", metavar="auto|true|false",
                        help="mirror pictures left and right; auto: unless a class is another in a mirror [auto]")
    parser.add_argument("--start-from", default="auto", metavar="auto|things|signs|scratch|FILE",
                        help="model to start from: of 200 things at 64 pixels, of traffic signs at 32, none, or a file; "
                             "auto: things, or none where pictures are small and many [auto]")
    parser.add_argument("--name", help="of the model [name of --out]")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of what is chance [%(default)d]")
    chosen = parser.parse_args(arguments)
    if chosen.out.suffix != ".safetensors":
        parser.error(f"--out {chosen.out}: the name must end in .safetensors")
    for path in filter(None, (chosen.folder, chosen.val)):
        if not path.exists():
            parser.error(f"{path} is not there")
    chosen.small = data.usual_side([chosen.folder]) <= SMALL_SIDE
    if chosen.start_from == "auto":
        many = chosen.minutes and data.usual_count([chosen.folder]) >= MANY_PICTURES
        chosen.start_from = "scratch" if many and chosen.small else "things"
    if chosen.start_from in SHIPPED:
        chosen.start_from = str(shipped(chosen.start_from))
    elif chosen.start_from == "scratch":
        chosen.start_from = ""
        if not chosen.minutes:
            parser.error("--minutes 0 trains the classifier alone, which needs a model to start from")
    elif not Path(chosen.start_from).exists():
        parser.error(f"--start-from {chosen.start_from}: things, signs, scratch, or a file that is there")
    return chosen


def settings(chosen, state):
    """Those of train.py, for a run whose checkpoints are in the folder `state`."""
    small = chosen.small and not chosen.start_from
    size = restore.input_size(chosen.start_from) if chosen.start_from else 32 if small else 64
    options = {
        "out": state, "cache": state / "cache", "train": chosen.folder, "size": size, "seed": chosen.seed,
        "epochs": chosen.epochs, "minutes": chosen.minutes, "clock": chosen.clock, "checkpoint-minutes": max(0.25, chosen.minutes / 20),
        "shift": size / 10, "light": 0.2, "noise": 3, "average": 0.99, "lr": 1e-3 if chosen.start_from else 3e-3,
        "warmup": 0.05, "label-smoothing": 0.05, "reestimate": 2000, "start-from": chosen.start_from,
        **({"width": 0.25, "stem-stride": 1} if small else {}),
        **({"val": chosen.val} if chosen.val else {"val-share": 1 / 7}),
    }
    s = train.parse_settings([text for name, value in options.items() for text in (f"--{name}", str(value))])
    return train.resolve(s)


def check(class_ids, train_classes, folder):
    """Raises SystemExit where there is nothing to tell apart."""
    if len(class_ids) < 2:
        raise SystemExit(f"{folder} has pictures of one class, {class_ids[0]}: there must be two folders or more")
    if len(train_classes) < 8:
        raise SystemExit(f"{folder}: {len(train_classes)} pictures to train on; there must be 8 or more")
    fewest, count = min(Counter(train_classes.tolist()).items(), key=lambda pair: pair[1])
    if count < 20:
        print(f"only {count} pictures of {class_ids[fewest]} to train on: more will help")


@torch.no_grad()
def batched(function, pixels, words):
    """function of the normalised pictures, in batches, with a bar."""
    parts = []
    with tqdm(total=len(pixels), desc=words, unit=" pictures", leave=False) as bar:
        for part in pixels.split(32):  # on a CPU faster than more at once, which leave its caches
            parts.append(function(data.normalise(part)))
            bar.update(len(part))
    return torch.cat(parts)


def evenly(count, most):
    """Indices of at most so many of `count` pictures, which are in order of class: of every class as many as it has."""
    return torch.linspace(0, count - 1, min(most, count)).long()


def pictures_of(s):
    """What train.pictures returns, with no more pictures to validate with than it takes to tell what is better."""
    class_ids, class_names, pictures, val = train.pictures(s)
    return class_ids, class_names, pictures, tuple(part[evenly(len(val[0]), VALIDATION_PICTURES)] for part in val)


def fit_head(run, net, flip):
    """(head, share of the validation pictures that it gets right, pair): a classifier of the features of `net`.

    pair: with flip "auto" the first class that is another one in a mirror, and that one; or None. Where the network
    is trained afterwards, features of some thousands of pictures are enough.
    """
    size = restore.input_size(run.s.start_from or shipped("things"))

    def features(x):
        return net.features(x if x.shape[2] == size else F.interpolate(x, size=(size, size), mode="bilinear"))

    some = evenly(len(run.pixels), START_PICTURES if run.s.minutes else len(run.pixels))
    train_features, val = (batched(features, pixels, "features") for pixels in (run.pixels[some], run.val_pixels))
    head, right = linear_head.best_fit((train_features, run.classes[some]), (val, run.val_classes), len(run.class_names))
    if flip != "auto":
        return head, right, None
    mirrored = batched(features, run.val_pixels.flip(2), "features")
    return head, right, linear_head.not_itself_in_a_mirror(head, val, mirrored, run.val_classes)


def start(run, flip):
    """Before the first step: the classifier, where there is a network to start from; and whether to mirror pictures."""
    pair = None
    if run.s.start_from:
        head, right, pair = fit_head(run, run.net.eval(), flip)
        print(f"classifier on the features of {Path(run.s.start_from).name}: {right:.1%} right of the validation pictures")
        run.net.head.weight.data, run.net.head.bias.data = head
        run.net.train()
    elif flip == "auto":
        _, _, pair = fit_head(run, restore.load_network(shipped("things")), flip)
    if pair:
        print("--flip false: {} is {} in a mirror".format(*(run.class_names[k] for k in pair)))
    run.s.flip = "true" if flip == "true" or flip == "auto" and not pair else "false"
    run.average = Average(run.net, run.s.average)
    if run.s.start_from:
        run.note(float("nan"))


def choose_stream(net, pixels, classes, val_pixels, val_classes):
    """(bits of fraction or None, validation logits, words): int16, unless a point of accuracy is lost by it."""
    logits = batched(net, val_pixels, "validation")
    if not isinstance(net, networks.MoBiNet):
        return None, logits, "float32, as its network is"
    some = evenly(len(pixels), 500)
    try:
        fraction = fixed_point.fraction_bits(net, data.normalise(pixels[some]))
    except SystemExit as error:
        return None, logits, f"float32: {error}"
    whole = batched(lambda x: int16.forward(net, x, fraction), val_pixels, "validation")

    def right(answers):
        return (answers.argmax(1) == val_classes).float().mean().item()

    words = f"{right(whole):.1%} right with int16, {right(logits):.1%} with float32"
    if right(whole) < right(logits) - 0.01:
        return None, logits, f"float32 ({words})"
    return fraction, whole, f"int16 ({words})"


def deliver(run, chosen):
    """Exports the network that was best in validation, writes the report, and says how to run it."""
    best = torch.load(run.out / "best.pt", map_location="cpu")
    net = networks.build(best["network"])
    net.load_state_dict(best["model"])
    net.eval()
    export.round_head(net)
    names = run.class_names
    fraction, logits, stream = choose_stream(net, run.pixels, run.classes, run.val_pixels, run.val_classes)
    temperature = min(10.0, max(0.1, calibration.fit_temperature(logits, run.val_classes)))
    scores = (logits / temperature).softmax(1).numpy()
    right = (scores.argmax(1) == run.val_classes.numpy()).mean()
    title = chosen.name or chosen.out.stem
    provenance = {
        "by": "mobinet-train", "pictures": len(run.pixels), "epochs": round(run.step / run.per_epoch, 1),
        "start": Path(run.s.start_from).name or "scratch", "flip": run.views.flip}
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    partial = chosen.out.with_suffix(".partial")
    export.export(net, partial, run.s.size, title, run.class_ids, names, provenance, "int8", temperature, fraction)
    os.replace(partial, chosen.out)
    facts = [
        ("right", f"{right:.1%} of {len(scores)} validation pictures"), ("classes", len(names)),
        ("trained on", f"{len(run.pixels)} pictures, {provenance['epochs']} epochs, {run.elapsed / 60:.1f} minutes"),
        ("starts from", provenance["start"]), ("mirrored pictures", "yes" if provenance["flip"] else "no"),
        ("file", f"{chosen.out.stat().st_size / 1e6:.2f} MB"), ("stream", stream),
        ("temperature", f"{temperature:.2f}, fitted on the same pictures"),
    ]
    path = chosen.out.with_suffix(".html")
    report.write(path, title, facts, names, run.val_pixels.numpy(), run.val_classes.numpy(), scores, run.rows)
    for name, value in facts:
        print(f"{name:>18}: {value}")
    print(f"""
{chosen.out} is written; {path} shows what it gets wrong. To run it in Node, and in a page:

  import {{ loadModel }} from 'mobinet/node'; const model = await loadModel({json.dumps(str(chosen.out))});
  import {{ createClassifier }} from 'mobinet/worker'; const classifier = await createClassifier({json.dumps("/" + chosen.out.name)});
""")


def main(arguments=None):
    chosen = parse(arguments)
    s = settings(chosen, chosen.out.with_suffix(".run"))
    class_ids, class_names, pictures, val = pictures_of(s)
    check(class_ids, pictures[1], chosen.folder)
    while s.batch > 8 and len(pictures[0]) < 10 * s.batch:
        s.batch //= 2
    print(f"{len(class_ids)} classes: {len(pictures[0])} pictures to train on, {len(val[0])} to validate with")
    run = train.Run(s, len(class_ids), pictures, val)
    run.class_ids, run.class_names = class_ids, class_names
    if run.rows:
        s.flip = torch.load(run.latest, map_location="cpu")["settings"]["flip"]
        print(f"going on from {run.latest}, after {run.elapsed / 60:.1f} minutes")
    else:
        start(run, chosen.flip)
    stopped = False
    if chosen.minutes:
        try:
            run.train()
        except KeyboardInterrupt:
            stopped = True
    deliver(run, chosen)
    if stopped:
        print("Stopped before its end: the same command goes on.")


if __name__ == "__main__":
    main()
