"""Trains MoBiNet, or the float MobileNet v1, from scratch.

    python3 training/train.py --out training/runs/mid-k3 --minutes 90

Every setting below is an option: --width 0.25, --skips false, --schedule paper ... Stops after
--epochs or --minutes, whichever comes first, with the learning rate annealed to the end either way.
Run again with the same --out, it resumes. Several processes: torchrun --nproc_per_node 2 training/train.py ...
"""

import argparse
import csv
import json
import math
import os
import statistics
import time
from collections import deque
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, update_bn
from tqdm import tqdm

import data
import network
import restore

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "tiny-imagenet"

SETTINGS = dict(
    # where
    out="training/runs/default",  # checkpoints, metrics.csv, curves.png
    train=[str(DATA / f"train-{k}.zip") for k in range(3)],  # zip files or image folders
    val=[str(DATA / "val.zip")],
    classes=str(DATA / "classes.tsv"),
    cache="training/runs/cache",  # decoded pictures
    # network
    kind="mobinet",  # or mobilenet_v1
    block="mid",  # none, pre, mid, post
    k=3,  # 2^k channels a group
    width=0.5,
    prelu=True,
    skips=True,
    doubling_skip=True,  # a skip also where channels double
    window="triangle",  # gradient of the activations' sign: clip, polynomial, triangle
    weight_gradient="paper",  # eq. 5, or straight
    alpha=True,
    sign_shift=False,  # learned thresholds before the signs
    prelu_shift=False,  # learned biases before the PReLUs
    binary_weights=True,  # false: for a first step, to --start-from in a second
    # pictures
    size=64,
    small_size=48,  # size in the first part of the run: more pictures a second
    small_part=0.0,  # that part, 0..1
    shift=6,  # crops are shifted by up to this many pixels
    # optimisation
    start_from="",  # checkpoint or model file to start from
    epochs=50,
    minutes=0.0,  # budget; 0 is none
    batch=64,
    lr=3e-3,
    schedule="linear",  # linear or cosine to 0, or paper: times 0.1 at 40 % and at 60 %
    warmup=300,  # steps
    weight_decay=0.0,
    label_smoothing=0.1,
    average=0.0,  # decay of the moving average of the weights that the run ends with; 0 is none
    reestimate=6400,  # pictures from which the batch norms' statistics are taken anew at the end
    teacher="",  # float checkpoint to distil from
    teacher_weight=0.9,  # of the teacher's loss beside that of the labels
    # running
    seed=0,
    device="cuda" if torch.cuda.is_available() else "cpu",
    bfloat16=torch.cuda.is_available(),  # convolutions in bfloat16
    compile=False,  # torch.compile: twice as fast on a CPU, after minutes of compiling
    checkpoint_minutes=5.0,
    class_step=1,  # take every n-th class only (for trials)
)

NETWORK = ("block", "k", "width", "prelu", "skips", "doubling_skip", "window", "weight_gradient",
           "alpha", "sign_shift", "prelu_shift", "binary_weights")


def parse_settings(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name, value in SETTINGS.items():
        option = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            parser.add_argument(option, type=lambda text: {"true": True, "false": False}[text], default=value)
        elif isinstance(value, list):
            parser.add_argument(option, nargs="+", default=value)
        else:
            parser.add_argument(option, type=type(value), default=value)
    return parser.parse_args(arguments)


def network_settings(s, classes):
    if s.kind == "mobilenet_v1":
        return {"kind": s.kind, "width": s.width, "classes": classes}
    return {"kind": s.kind, "classes": classes, **{name: getattr(s, name) for name in NETWORK}}


def rate(s, progress, step):
    """Factor of the learning rate at `progress`, 0..1, of the run."""
    warm = min(1.0, (step + 1) / s.warmup) if s.warmup else 1.0
    if s.schedule == "linear":
        return warm * (1 - progress)
    if s.schedule == "cosine":
        return warm * 0.5 * (1 + math.cos(math.pi * progress))
    return 0.1 ** ((progress >= 0.4) + (progress >= 0.6))


def counted(seconds, recent):
    """Seconds of a step that count against --minutes: a computer that slept meanwhile was not training."""
    usual = statistics.median(recent or [seconds])
    return seconds if seconds < 10 * usual else usual


def losses(s, net, teacher, x, y):
    with torch.autocast(x.device.type, torch.bfloat16, enabled=s.bfloat16):
        logits = net(x).float()
    loss = F.cross_entropy(logits, y, label_smoothing=s.label_smoothing)
    if teacher is None:
        return loss
    with torch.no_grad():
        # The teacher sees the pictures in the size that it knows.
        target = teacher(F.interpolate(x, size=(s.size, s.size), mode="bilinear")).softmax(1)
    distance = F.kl_div(logits.log_softmax(1), target, reduction="batchmean")
    return s.teacher_weight * distance + (1 - s.teacher_weight) * loss


@torch.no_grad()
def accuracy(net, pixels, classes):
    """top-1 and top-5, percent."""
    net.eval()
    top1 = top5 = 0
    for begin in range(0, len(pixels), 250):
        x = data.normalise(pixels[begin : begin + 250])
        best = net(x).topk(min(5, net.head.out_features), 1).indices
        hits = best == classes[begin : begin + 250, None]
        top1 += hits[:, 0].sum().item()
        top5 += hits.any(1).sum().item()
    net.train()
    return 100 * top1 / len(pixels), 100 * top5 / len(pixels)


def draw_curves(path, rows):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4))
    epochs = [row["epoch"] for row in rows]
    axes[0].plot(epochs, [row["loss"] for row in rows])
    axes[0].set(xlabel="epoch", ylabel="training loss")
    for name in ("top1", "top5"):
        axes[1].plot(epochs, [row[name] for row in rows], label=name)
    axes[1].set(xlabel="epoch", ylabel="validation accuracy, %", ylim=(0, None))
    axes[1].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def save(path, state):
    """Whole or not at all."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def batches(count, size, generator, begin):
    """Index batches of one epoch from batch `begin` on; the same for the same generator state."""
    order = torch.randperm(count, generator=generator)
    for k in range(begin, count // size):
        yield order[k * size : (k + 1) * size]


def main(arguments=None):
    s = parse_settings(arguments)
    world = int(os.environ.get("WORLD_SIZE", 1))
    rank = int(os.environ.get("RANK", 0))
    if world > 1:
        torch.distributed.init_process_group("nccl" if s.device == "cuda" else "gloo")
        if s.device == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    out = Path(s.out)
    out.mkdir(parents=True, exist_ok=True)
    class_ids, _ = data.read_classes(s.classes)
    pixels, classes = data.load(s.train, class_ids, s.size, s.cache)
    val_pixels, val_classes = data.load(s.val, class_ids, s.size, s.cache)
    class_ids = class_ids[:: s.class_step]
    pixels, classes = data.every_nth_class(pixels, classes, s.class_step)
    val_pixels, val_classes = data.every_nth_class(val_pixels, val_classes, s.class_step)
    if len(pixels) < s.batch:
        raise SystemExit(f"{len(pixels)} pictures are fewer than one batch of {s.batch}")
    pixels, classes, val_pixels, val_classes = (
        part.to(s.device) for part in (pixels, classes, val_pixels, val_classes))

    torch.manual_seed(s.seed)
    net = network.build(network_settings(s, len(class_ids))).to(s.device)
    net = net.to(memory_format=torch.channels_last)
    # Fused it is one pass over the weights; PyTorch has that for CPUs since 2.4.
    fused = torch.__version__ >= (2, 4)
    optimizer = torch.optim.Adam(net.parameters(), s.lr, weight_decay=s.weight_decay, fused=fused)
    shuffle = torch.Generator().manual_seed(s.seed)
    chance = torch.Generator().manual_seed(s.seed + 1 + rank)
    if s.start_from:
        restore.start_from(net, s.start_from)
    averaged = AveragedModel(net, avg_fn=lambda mean, new, count: torch.lerp(new, mean, s.average))
    teacher = None
    if s.teacher:
        checkpoint = torch.load(s.teacher, map_location=s.device)
        teacher = network.build(checkpoint["network"]).to(s.device).eval()
        teacher.load_state_dict(checkpoint["model"])

    # Where the run stands; all of it is in a checkpoint.
    epoch, batch_index, step, elapsed, rows = 0, 0, 0, 0.0, []
    epoch_state = shuffle.get_state()
    latest = out / "latest.pt"
    if latest.exists():
        checkpoint = torch.load(latest, map_location=s.device)
        net.load_state_dict(checkpoint["model"])
        averaged.load_state_dict(checkpoint["averaged"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        epoch, batch_index, step, elapsed = (
            checkpoint[key] for key in ("epoch", "batch_index", "step", "elapsed"))
        rows, epoch_state = checkpoint["rows"], checkpoint["epoch_state"].cpu()
        chance.set_state(checkpoint["chance"].cpu())
        shuffle.set_state(epoch_state)

    trained = torch.compile(net, dynamic=False) if s.compile else net
    if world > 1:
        trained = DistributedDataParallel(trained)
    per_epoch = len(pixels) // s.batch
    share = s.batch // world

    def progress():
        by_epochs = step / (s.epochs * per_epoch)
        by_time = elapsed / (60 * s.minutes) if s.minutes else 0.0
        return max(by_epochs, by_time)

    def checkpoint_state():
        return {
            "network": network_settings(s, len(class_ids)), "settings": vars(s),
            "model": net.state_dict(), "averaged": averaged.state_dict(), "optimizer": optimizer.state_dict(),
            "epoch": epoch, "batch_index": batch_index, "step": step, "elapsed": elapsed, "rows": rows,
            "epoch_state": epoch_state, "chance": chance.get_state(),
        }

    def note(loss):
        """Measures, and writes metrics, curves and a checkpoint."""
        top1, top5 = accuracy(net, val_pixels, val_classes)
        rows.append({"epoch": round(step / per_epoch, 3), "minutes": round(elapsed / 60, 2),
                     "loss": round(loss, 4), "top1": round(top1, 2), "top5": round(top5, 2)})
        with open(out / "metrics.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        draw_curves(out / "curves.png", rows)
        save(latest, checkpoint_state())

    bar = tqdm(total=100, initial=round(100 * min(1, progress())), disable=rank != 0,
               bar_format="{percentage:3.0f}% |{bar}| {elapsed} of about {elapsed}<{remaining} {postfix}")
    before, noted, mean_loss, recent = time.time(), time.time(), None, deque(maxlen=50)
    while progress() < 1:
        shuffle.set_state(epoch_state)
        for index in batches(len(pixels), s.batch, shuffle, batch_index):
            mine = index[rank * share : (rank + 1) * share].to(s.device)
            size = s.small_size if progress() < s.small_part else s.size
            x = data.augment(pixels[mine], s.shift, size, chance)
            x, y = x.contiguous(memory_format=torch.channels_last), classes[mine]
            for group in optimizer.param_groups:
                group["lr"] = s.lr * rate(s, progress(), step)
            loss = losses(s, trained, teacher, x, y)
            if not torch.isfinite(loss):
                raise SystemExit(f"the loss is {loss.item()} at step {step}: a lower --lr")
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if s.average:
                averaged.update_parameters(net)
            value = loss.item()
            mean_loss = value if mean_loss is None else 0.99 * mean_loss + 0.01 * value
            step, batch_index = step + 1, batch_index + 1
            now = time.time()
            recent.append(counted(now - before, recent))
            elapsed, before = elapsed + recent[-1], now
            if world > 1:  # all processes must stop at the same step
                clock = torch.tensor([elapsed], device=s.device)
                torch.distributed.broadcast(clock, 0)
                elapsed = clock.item()
            bar.n = min(100, round(100 * progress(), 1))
            bar.set_postfix_str(f"epoch {step / per_epoch:.2f} loss {mean_loss:.3f}")
            if progress() >= 1:
                break
            if rank == 0 and now - noted > 60 * s.checkpoint_minutes:
                note(mean_loss)
                noted = before = time.time()
        else:
            epoch, batch_index, epoch_state = epoch + 1, 0, shuffle.get_state()
    bar.close()
    if rank == 0 and mean_loss is not None:
        note(mean_loss)
        if s.average:
            net.load_state_dict(averaged.module.state_dict())
        if s.reestimate:
            order = torch.randperm(len(pixels), generator=chance)[: s.reestimate]
            update_bn((data.normalise(pixels[k]) for k in order.split(s.batch)), net)
        if s.average or s.reestimate:
            note(mean_loss)
    if rank == 0:
        print(json.dumps({"epochs": round(step / per_epoch, 2), **rows[-1]}))
    if world > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
