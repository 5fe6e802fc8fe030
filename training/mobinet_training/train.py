"""Trains MoBiNet, or the float MobileNet v1, from scratch or from a file.

    python training/train.py --out training/runs/mid-k3 --minutes 90

Stops after --epochs or --minutes, whichever comes first, with the learning rate annealed to the end
either way. Run again with the same --out, it resumes; Ctrl-C saves first. Several processes:
torchrun --nproc_per_node 2 training/train.py ...
"""

import csv
import json
import math
import os
import signal
import statistics
import time
from collections import deque
from contextlib import nullcontext
from pathlib import Path

import torch
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import update_bn
from tqdm import tqdm

from . import augment, data, int16, networks, restore, teachers
from .average import Average
from .progress import ticking
from .settings import network_settings, parse_settings, resolve, with_network_of


def rate(s, progress):
    """Factor of the learning rate at `progress`, 0..1, of the run."""
    warm = min(1.0, progress / s.warmup) if s.warmup else 1.0
    if s.schedule == "linear":
        return warm * (1 - progress)
    if s.schedule == "cosine":
        return warm * 0.5 * (1 + math.cos(math.pi * progress))
    return 0.1 ** ((progress >= 0.4) + (progress >= 0.6))


def counted(seconds, recent):
    """Seconds of a step that count against --minutes: a computer that slept meanwhile was not training."""
    usual = statistics.median(recent or [seconds])
    return seconds if seconds < 10 * usual else usual


def losses(s, net, x, y, target):
    """target: the scores that the teachers give, [N, classes], or None without any."""
    with torch.autocast(x.device.type, torch.bfloat16, enabled=s.bfloat16 == "true"):
        logits = net(x).float()
    if s.consistency:  # the second half of x are the neighbours of the first
        logits, near = logits.chunk(2)
    loss = F.cross_entropy(logits, y, label_smoothing=s.label_smoothing)
    if s.consistency:
        distance = F.kl_div(near.log_softmax(1), logits.detach().softmax(1), reduction="batchmean")
        loss = loss + s.consistency * distance
    if target is None:
        return loss
    distance = F.kl_div(logits.log_softmax(1), target, reduction="batchmean")
    return s.teacher_weight * distance + (1 - s.teacher_weight) * loss


@torch.no_grad()
def accuracy(net, pixels, classes):
    """top-1, top-5 and the labels that one grey level of noise changes, percent."""
    training = net.training
    net.eval()
    top1 = top5 = changed = 0
    generator = torch.Generator().manual_seed(1)
    batch = 32 if pixels.device.type == "cpu" else 500  # on a CPU more would leave its caches
    for begin in range(0, len(pixels), batch):
        part, expected = (tensor[begin : begin + batch] for tensor in (pixels, classes))
        best = net(data.normalise(part)).topk(min(5, net.head.out_features), 1).indices
        noise = torch.randint(-1, 2, part.shape, generator=generator).to(part.device)
        noisy = net(data.normalise((part + noise).clamp(0, 255))).argmax(1)
        hits = best == expected[:, None]
        top1 += hits[:, 0].sum().item()
        top5 += hits.any(1).sum().item()
        changed += (noisy != best[:, 0]).sum().item()
    net.train(training)
    return tuple(100 * count / len(pixels) for count in (top1, top5, changed))


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


def pictures(s):
    """(class ids, names of classes, training pictures, validation pictures); pictures: (pixels, classes)."""
    class_ids, class_names = data.classes_of(s.classes, s.train)
    pixels, classes, names = (part[:: s.picture_step] for part in data.load(s.train, class_ids, s.size, s.cache))
    if s.val_share:
        tracks = data.are_tracks(names) if s.tracks == "auto" else s.tracks == "true"
        groups = [data.track_of(name) for name in names] if tracks else names
        # Whatever the seed is: runs with several are validated with the same pictures.
        trained, held = data.split(classes, groups, s.val_share)
        val_pixels, val_classes = pixels[held], classes[held]
        pixels, classes = pixels[trained], classes[trained]
    else:
        val_pixels, val_classes, _ = data.load(s.val, class_ids, s.size, s.cache)
    chosen = slice(None, None, s.class_step)
    return (
        class_ids[chosen], class_names[chosen], data.every_nth_class(pixels, classes, s.class_step),
        data.every_nth_class(val_pixels, val_classes, s.class_step))


class Run:
    """A network in training, and where it stands; all of that is in a checkpoint.

    Writes latest.pt, best.pt (the network that was best in validation), metrics.csv and curves.png into `s.out`.
    """

    def __init__(self, s, classes, train, val, rank=0, world=1):
        self.s, self.rank, self.world = s, rank, world
        self.out = Path(s.out)
        self.out.mkdir(parents=True, exist_ok=True)
        if len(train[0]) < s.batch:
            raise SystemExit(f"{len(train[0])} pictures are fewer than one batch of {s.batch}: a smaller --batch")
        self.pixels, self.classes, self.val_pixels, self.val_classes = (
            part.to(s.device) for part in (*train, *val))
        torch.manual_seed(s.seed)
        if s.start_from:
            with_network_of(s, restore.network_of(s.start_from))
        self.network = network_settings(s, classes)
        try:
            net = networks.build(self.network)
        except ValueError as error:
            raise SystemExit(str(error)) from error
        self.net = net.to(s.device, memory_format=torch.channels_last)
        # Fused it is one pass over the weights; PyTorch has that for CPUs since 2.4.
        version = tuple(int(part) for part in torch.__version__.split(".")[:2])
        self.optimizer = torch.optim.Adam(
            self.net.parameters(), s.lr, weight_decay=s.weight_decay, fused=version >= (2, 4))
        self.shuffle = torch.Generator().manual_seed(s.seed)
        self.chance = torch.Generator().manual_seed(s.seed + 1 + rank)
        if s.start_from:
            restore.start_from(self.net, s.start_from)
        self.average = Average(self.net, s.average) if s.average else None
        self.teachers = [restore.load_network(path).to(s.device) for path in s.teacher]
        self.answers = None
        if s.teacher and s.teacher_once:
            self.answers = teachers.answers(self.teachers, s.teacher, self.pixels, s.flip == "true", s.cache)
        self.epoch = self.batch_index = self.step = 0
        self.elapsed, self.rows, self.best = 0.0, [], -1.0
        self.epoch_state = self.shuffle.get_state()
        self.per_epoch = len(self.pixels) // s.batch
        self.latest = self.out / "latest.pt"
        if self.latest.exists():
            self.resume(torch.load(self.latest, map_location=s.device))
        self.stopped = False

    @property
    def views(self):
        """How far the views that it sees may be from the pictures."""
        return augment.Augmentation(**{
            name: self.s.flip == "true" if name == "flip" else getattr(self.s, name)
            for name in augment.Augmentation._fields})

    def resume(self, checkpoint):
        if checkpoint["network"] != self.network:
            raise SystemExit(f"{self.latest} is of another network or other classes: another --out")
        self.net.load_state_dict(checkpoint["model"])
        self.optimizer.load_state_dict(checkpoint["optimizer"])
        if self.average and checkpoint["average"]:
            self.average.load_state_dict(checkpoint["average"])
        for name in ("epoch", "batch_index", "step", "elapsed", "rows", "best"):
            setattr(self, name, checkpoint[name])
        self.epoch_state = checkpoint["epoch_state"].cpu()
        self.chance.set_state(checkpoint["chance"].cpu())
        self.shuffle.set_state(self.epoch_state)

    def state(self):
        return {
            "network": self.network, "settings": vars(self.s),
            "model": self.net.state_dict(), "average": self.average.state_dict() if self.average else None,
            "optimizer": self.optimizer.state_dict(), "epoch": self.epoch, "batch_index": self.batch_index,
            "step": self.step, "elapsed": self.elapsed, "rows": self.rows, "best": self.best,
            "epoch_state": self.epoch_state, "chance": self.chance.get_state(),
        }

    def progress(self):
        """0..1, by epochs or by minutes, whichever is farther."""
        by_epochs = self.step / (self.s.epochs * self.per_epoch)
        by_time = self.elapsed / (60 * self.s.minutes) if self.s.minutes else 0.0
        return max(by_epochs, by_time)

    def note(self, loss, measured=None):
        """Measures the network, or the average of its weights, and writes metrics, curves and checkpoints."""
        measured = measured or (self.average.net if self.average else self.net)
        top1, top5, changed = accuracy(measured, self.val_pixels, self.val_classes)
        self.rows.append({
            "epoch": round(self.step / self.per_epoch, 3), "minutes": round(self.elapsed / 60, 2),
            "loss": round(loss, 4), "top1": round(top1, 2), "top5": round(top5, 2), "changed": round(changed, 2)})
        with open(self.out / "metrics.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, self.rows[0].keys())
            writer.writeheader()
            writer.writerows(self.rows)
        draw_curves(self.out / "curves.png", self.rows)
        better, self.best = top1 >= self.best, max(top1, self.best)
        save(self.latest, self.state())
        if better:
            save(self.out / "best.pt", {
                "network": self.network, "settings": vars(self.s), "model": measured.state_dict(), "top1": top1})
        return top1

    def forward(self):
        """What is called for logits while training."""
        def of_int16(x):
            return int16.forward(self.net, x, self.s.int16)

        if self.s.int16 >= 0:
            self.net.eval()
        called = of_int16 if self.s.int16 >= 0 else self.net
        if self.s.compile == "true":
            called = torch.compile(called, dynamic=False)
        return DistributedDataParallel(called) if self.world > 1 else called

    def batch(self, index):
        """Views of the pictures of a batch that are this process's, their classes, and what the teachers say of them."""
        share = self.s.batch // self.world
        mine = index[self.rank * share : (self.rank + 1) * share].to(self.s.device)
        size = self.s.small_size if self.progress() < self.s.small_part else self.s.size
        x = augment.augment(self.pixels[mine], size, self.views, self.chance)
        target = None
        if self.answers is not None:
            target = self.answers[mine.cpu()].float().to(x.device)
        elif self.teachers:  # they see the pictures in the size that they know
            target = teachers.scores(self.teachers, F.interpolate(x, size=(self.s.size, self.s.size), mode="bilinear"))
        if self.s.consistency:
            x = torch.cat([x, augment.neighbour(x, self.chance)])
        return x.contiguous(memory_format=torch.channels_last), self.classes[mine], target

    def take_step(self, called, index):
        x, y, target = self.batch(index)
        for group in self.optimizer.param_groups:
            group["lr"] = self.s.lr * rate(self.s, self.progress())
        loss = losses(self.s, called, x, y, target)
        if not torch.isfinite(loss):
            raise SystemExit(f"the loss is {loss.item()} at step {self.step}: a lower --lr")
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if self.average:
            self.average.update(self.net)
        return loss.item()

    def count(self, seconds, recent, compiling):
        """Adds the time of a step; all processes must have the same, to stop at the same step."""
        if not compiling:
            recent.append(counted(seconds, recent))
            self.elapsed += recent[-1]
        if self.world > 1:
            clock = torch.tensor([self.elapsed], device=self.s.device)
            torch.distributed.broadcast(clock, 0)
            self.elapsed = clock.item()

    def train(self):
        """To the end; raises KeyboardInterrupt where it was interrupted, after a checkpoint."""
        s = self.s
        called, uncompiled = self.forward(), 2 if s.compile == "true" else 0
        bar = tqdm(
            total=100, initial=round(100 * min(1, self.progress())), disable=self.rank != 0, mininterval=1,
            bar_format="{percentage:3.0f}% |{bar}| {elapsed}, about {remaining} left{postfix}")
        if uncompiled and self.rank == 0:
            bar.set_postfix_str("compiling: a minute or two, which is not counted")
        handler = signal.signal(signal.SIGINT, self.interrupt) if is_main_thread() else None
        # Of all threads, so that a fair comparison has one.
        clock = time.process_time if s.clock == "processor" else time.time
        noted, before = time.time(), clock()
        loss, recent, measured, measuring = None, deque(maxlen=50), "", 0.0
        try:
            while self.progress() < 1:
                self.shuffle.set_state(self.epoch_state)
                for index in batches(len(self.pixels), s.batch, self.shuffle, self.batch_index):
                    with ticking(bar) if uncompiled else nullcontext():
                        value = self.take_step(called, index)
                    loss = value if loss is None else 0.99 * loss + 0.01 * value
                    self.step, self.batch_index = self.step + 1, self.batch_index + 1
                    now = clock()
                    self.count(now - before, recent, uncompiled > 0)
                    before, uncompiled = now, max(0, uncompiled - 1)
                    bar.n = min(100, round(100 * self.progress(), 1))
                    bar.set_postfix_str(f"epoch {self.step / self.per_epoch:.2f}, loss {loss:.3f}{measured}", refresh=False)
                    bar.update(0)
                    if self.progress() >= 1:
                        break
                    # Measuring, which is not counted, takes a tenth of the time at most.
                    due = time.time() - noted > max(60 * s.checkpoint_minutes, 9 * measuring) or (
                        s.checkpoint_epochs and self.step % (s.checkpoint_epochs * self.per_epoch) == 0)
                    if self.rank == 0 and (due or self.stopped):
                        began = time.time()
                        measured = f", validation {self.note(loss):.1f} %"
                        noted, before = time.time(), clock()
                        measuring = noted - began
                    if self.stopped:
                        raise KeyboardInterrupt
                else:
                    self.epoch, self.batch_index = self.epoch + 1, 0
                    self.epoch_state = self.shuffle.get_state()
            if self.rank == 0 and loss is not None:
                bar.set_postfix_str("trained; measuring what it has become")
                with ticking(bar):
                    self.end(loss)
        finally:
            bar.close()
            if handler is not None:
                signal.signal(signal.SIGINT, handler)

    def interrupt(self, *_):
        """The first Ctrl-C ends the step and saves; the second ends at once."""
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True

    def end(self, loss):
        """The average for the weights, and statistics of batch norms as they are without augmentation."""
        self.note(loss)
        if self.average:
            self.net.load_state_dict(self.average.net.state_dict())
        # In int16 the constants of the batch norms were trained as they are.
        if self.s.reestimate and self.s.int16 < 0:
            order = torch.randperm(len(self.pixels), generator=self.chance)[: self.s.reestimate]
            update_bn((data.normalise(self.pixels[k]) for k in order.split(self.s.batch)), self.net)
            self.net.eval()
            if self.average:
                self.average.load_state_dict({"net": self.net.state_dict(), "steps": self.average.steps})
            self.note(loss, self.net)


def is_main_thread():
    import threading

    return threading.current_thread() is threading.main_thread()


def main(arguments=None):
    s = resolve(parse_settings(arguments, __doc__))
    world = int(os.environ.get("WORLD_SIZE", 1))
    rank = int(os.environ.get("RANK", 0))
    if world > 1:
        torch.distributed.init_process_group("nccl" if s.device == "cuda" else "gloo")
        if s.device == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    class_ids, _, train, val = pictures(s)
    run = Run(s, len(class_ids), train, val, rank, world)
    if rank == 0:
        print(f"{len(train[0])} pictures to train on, {len(val[0])} to validate with, {len(class_ids)} classes; "
              f"compile {s.compile}, bfloat16 {s.bfloat16}", flush=True)
    try:
        run.train()
    except KeyboardInterrupt:
        if not run.stopped:
            raise
        raise SystemExit(f"stopped and saved in {s.out}: the same command goes on") from None
    if rank == 0:
        print(json.dumps({"epochs": round(run.step / run.per_epoch, 2), **run.rows[-1]}))
    if world > 1:
        torch.distributed.destroy_process_group()
