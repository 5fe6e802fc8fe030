"""How fast this computer trains: pictures a second, for each of the ways to train.

    python training/speed.py [--seconds 20] [--width 0.5] [--size 64]

Steps of train.py's own loop, views included, on pictures of noise; each way in processes of its own. A second is one of
the clock; `of processor time` counts what all processes and threads took, which other work on the computer changes less.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from PIL import Image

from . import data, settings, train

# name: processes, threads of each, and what is not as usual.
WAYS = {
    "eager, pictures as planes (NCHW)": (1, 1, {"planes": True}),
    "eager, channels last": (1, 1, {}),
    "compiled": (1, 1, {"compile": "true"}),
    "compiled, bfloat16": (1, 1, {"compile": "true", "bfloat16": "true"}),
    "compiled, one process of two threads": (1, 2, {"compile": "true"}),
    "compiled, two processes of one thread": (2, 1, {"compile": "true"}),
}


def used():
    """Seconds of processor time of this process, all threads."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(chosen, planes=False, **options):
    """Pictures a second, the same of processor time, and steps, of one way, in this process."""
    world, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    if world > 1:
        torch.distributed.init_process_group("gloo")
    with tempfile.TemporaryDirectory() as out:
        words = {"out": out, "device": "cpu", "width": chosen.width, "size": chosen.size,
                 "compile": "false", "bfloat16": "false", **options}
        s = settings.resolve(settings.parse_settings([text for key, value in words.items() for text in (f"--{key}", str(value))]))
        pixels = torch.randint(0, 256, (10 * s.batch, s.size, s.size, 3), dtype=torch.uint8)
        some = pixels, torch.arange(len(pixels)) % 10
        run = train.Run(s, 10, some, some, rank, world)
        called = run.forward()
        if planes:
            run.net.to(memory_format=torch.contiguous_format)
            channels_last = called

            def called(x):
                return channels_last(x.contiguous())

        index = torch.arange(s.batch)
        for _ in range(3):  # what compiles, and what allocates
            run.take_step(called, index)
        begin, processor, steps = time.time(), used(), 0
        # As many steps in all processes, which wait for each other.
        while steps < chosen.steps if chosen.steps else time.time() - begin < chosen.seconds:
            run.take_step(called, index)
            steps += 1
        wall, processor = time.time() - begin, (used() - processor) * world
        return steps * s.batch / wall, steps * s.batch / processor, steps


def in_processes(name, chosen, steps):
    """What `measure` returns, or a message, from processes of their own."""
    processes, threads, _ = WAYS[name]
    script = str(Path(__file__).resolve().parent.parent / "speed.py")
    launch = [sys.executable]
    if processes > 1:
        launch += ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    command = [*launch, script, "--one", name, "--steps", str(steps), *(
        f"--{key}={getattr(chosen, key)}" for key in ("seconds", "width", "size"))]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": str(threads)})
    last = [line for line in (done.stdout if done.returncode == 0 else done.stderr).splitlines() if line.strip()]
    return json.loads(last[-1]) if done.returncode == 0 else last[-1]


def decoding(size, count=600):
    """Pictures a second that are decoded, and that come from the cache of decoded pictures."""
    with tempfile.TemporaryDirectory() as folder:
        for k in range(count):
            path = Path(folder) / "pictures" / str(k % 2)
            path.mkdir(parents=True, exist_ok=True)
            coarse = torch.randint(0, 256, (20, 20, 3), dtype=torch.uint8).numpy()
            Image.fromarray(coarse).resize((400, 300), Image.BICUBIC).save(path / f"{k}.jpg")
        rates = []
        for _ in range(2):
            begin = time.time()
            pixels, _, _ = data.load([Path(folder) / "pictures"], ["0", "1"], size, Path(folder) / "cache")
            pixels.sum()
            rates.append(count / (time.time() - begin))
        return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20, help="of each way, after it has compiled [20]")
    parser.add_argument("--width", type=float, default=0.5, help="of the network [0.5]")
    parser.add_argument("--size", type=int, default=64, help="of the pictures [64]")
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--steps", type=int, default=0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        figures = measure(chosen, **WAYS[chosen.one][2])
        if int(os.environ.get("RANK", 0)) == 0:
            print(json.dumps(figures))
        return
    print("| way | pictures a second | of processor time |\n| --- | --- | --- |", flush=True)
    steps = 0
    for name, (processes, _, _) in WAYS.items():
        figures = in_processes(name, chosen, max(10, steps) if processes > 1 else 0)
        if isinstance(figures, str):
            print(f"| {name} | {figures} | |", flush=True)
            continue
        rate, of_processor, steps = figures
        print(f"| {name} | {rate:.0f} | {of_processor:.0f} |", flush=True)
    first, again = decoding(chosen.size)
    print(f"\nJPEGs of 400 x 300: {first:,.0f} a second are decoded, {again:,.0f} come from the cache of decoded pictures.")
