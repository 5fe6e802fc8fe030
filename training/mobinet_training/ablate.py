"""The paper's ablations and trials of recipes, all with one budget: training/RESULTS.md and its curves.

    python training/ablate.py                                         # the pilot, for a CPU
    python training/ablate.py --runs training/runs/full --device cuda --jobs 1 \\
        --set class-step=1 width=1.0 size=64 epochs=50                # the whole of it, for a GPU
    python training/ablate.py --runs training/runs/signs --results training/RESULTS-SIGNS.md --title "..." --set train=...

Each run is one train.py with the options of its row; what has been run is kept in --runs and not run
again, and RESULTS.md is written anew after each. --minutes ends it early: runs that are left out are
not in RESULTS.md. A claim is judged only where both of its rows were run with two seeds or more.
"""

import argparse
import csv
import json
import math
import os
import platform
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean, stdev

import torch

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
HERE = Path(__file__).resolve().parent.parent
PILOT = {"class-step": 10, "width": 0.25, "size": 32, "epochs": 5, "warmup": 0.1, "checkpoint-minutes": 0.3, "compile": "false"}
FLOAT = {"kind": "mobilenet_v1"}

# Rows of a table: name and what differs from the base, MoBiNet-Mid with K = 3 as train.py has it. Where
# a value is options itself, it stands for the checkpoint of the run that has them.
TABLES = {
    "Blocks": {
        "Mid": {}, "Pre": {"block": "pre"}, "Post": {"block": "post"}, "none": {"block": "none"},
    },
    "K-dependency": {
        "K = 0": {"k": 0}, "K = 1": {"k": 1}, "K = 2": {"k": 2}, "K = 3": {}, "K = 4": {"k": 4},
    },
    "Parts": {
        "all parts": {},
        "no skips": {"skips": "false"},
        "K = 0": {"k": 0},
        "K = 0, no skips": {"k": 0, "skips": "false"},
        "ReLU for PReLU": {"prelu": "false"},
        "plain straight-through for eq. 5": {"weight-gradient": "straight"},
        "no alpha": {"alpha": "false"},
    },
    "Recipes": {
        "float MobileNet v1": FLOAT,
        "the paper's: clipped identity, no doubling skip, its schedule": {
            "window": "clip", "doubling-skip": "false", "schedule": "paper"},
        "no doubling skip": {"doubling-skip": "false"},
        "clipped identity": {"window": "clip"},
        "polynomial window": {"window": "polynomial"},
        "base: doubling skip, triangle window": {},
        "sign shifts": {"sign-shift": "true"},
        "PReLU shifts": {"prelu-shift": "true"},
        "both shifts": {"sign-shift": "true", "prelu-shift": "true"},
        "distilled from the float network": {"teacher": FLOAT},
        "two steps of half of the epochs, rounded down: activations first, then weights": {
            "epochs": "half", "start-from": {"epochs": "half", "binary-weights": "false"}},
        "averaged weights, decay 0.99": {"average": 0.99},
        "cosine schedule": {"schedule": "cosine"},
        "no label smoothing": {"label-smoothing": 0},
        "learning rate 1e-3": {"lr": 1e-3},
        "batches of 128": {"batch": 128},
    },
}

# What the paper claims: the better, the worse, and where the paper says it.
CLAIMS = (
    ("A block, with the skips that it allows, is better than none", "Post", "none", "Table 1"),
    ("A block without skips is better than none", "no skips", "none", "not in the paper"),
    ("Mid is better than Pre", "Mid", "Pre", "Table 3"),
    ("Pre is better than Post", "Pre", "Post", "Table 3"),
    ("K = 1 is better than K = 0", "K = 1", "K = 0", "Table 3"),
    ("K = 2 is better than K = 1", "K = 2", "K = 1", "Table 3"),
    ("K = 3 is better than K = 2", "K = 3", "K = 2", "Table 3"),
    ("K = 4 is better than K = 3", "K = 4", "K = 3", "Table 4"),
    ("K = 4 is better than K = 0", "K = 4", "K = 0", "Tables 3, 4"),
    ("PReLU is better than ReLU", "all parts", "ReLU for PReLU", "Table 2"),
    ("Skips are better than none (K = 0)", "K = 0", "K = 0, no skips", "Fig. 4, 5"),
    ("Skips are better than none (K = 3)", "all parts", "no skips", "Fig. 4, 5"),
    ("Eq. 5 is better than plain straight-through", "all parts", "plain straight-through for eq. 5", "eq. 5"),
    ("Alpha is better than none", "all parts", "no alpha", "eq. 3"),
)


def options_of(name):
    return next(rows[name] for rows in TABLES.values() if name in rows)


def described(options):
    """`a=1,b=(c=2,),`; options whose value is options of another run show those."""
    shown = {key: f"({described(value)})" if isinstance(value, dict) else value for key, value in options.items()}
    return "".join(f"{key}={shown[key]}," for key in sorted(shown))


class Runs:
    """What has been run: a folder for each set of options and seed, with result.json in it."""

    def __init__(self, folder, common):
        self.folder, self.common = Path(folder), common

    def path(self, options, seed):
        """A name that one can read, and that is the same for the same options."""
        return self.folder / f"{described(options)}seed={seed}"

    def result(self, options, seed):
        path = self.path(options, seed) / "result.json"
        return json.loads(path.read_text()) if path.exists() else None

    def minutes(self, options, seed):
        """Of a run, with those of the runs that it needs."""
        needed = [value for value in options.values() if isinstance(value, dict)]
        own = self.result(options, seed)["rows"][-1]["minutes"]
        return own + sum(self.minutes(other, seed) for other in needed)

    def run(self, options, seed, threads):
        """Trains, unless it was done before."""
        if self.result(options, seed):
            return
        out = self.path(options, seed)
        out.mkdir(parents=True, exist_ok=True)
        settings = {**self.common, **options, "seed": seed, "out": out}
        if settings["epochs"] == "half":
            settings["epochs"] = max(1, int(self.common["epochs"]) // 2)
        for key, value in options.items():
            if isinstance(value, dict):
                self.run(value, seed, threads)
                settings[key] = self.path(value, seed) / "latest.pt"
        command = [sys.executable, str(HERE / "train.py")]
        for key, value in settings.items():
            command += [f"--{key}", str(value)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
        with open(out / "log.txt", "w") as log:
            code = subprocess.run(command, stdout=log, stderr=log, env=environment).returncode
        last = (out / "log.txt").read_text().strip().splitlines()[-1]
        if code != 0 and "the loss is" not in last:
            raise SystemExit(f"{' '.join(command)}\n{last}")
        with open(out / "metrics.csv") as file:
            rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
        result = {"rows": rows, "hardware": hardware(threads), "diverged": last if code else None}
        (out / "result.json").write_text(json.dumps(result))


def hardware(threads):
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return f"{threads} core{'s' if threads > 1 else ''} of {names[0] if names else platform.machine()}"


def summary(runs, options, seeds):
    """Of all seeds that were run: top-1 and top-5 of each, the first and the last loss, minutes, hardware.

    The curve is of the first seed; of what was measured at one epoch, the last.
    """
    results = [result for seed in seeds if (result := runs.result(options, seed))]
    if not results:
        return None
    ends = [result["rows"][-1] for result in results]
    return {
        "top1": [end["top1"] for end in ends], "top5": [end["top5"] for end in ends],
        "loss": [mean(result["rows"][k]["loss"] for result in results) for k in (0, -1)],
        "minutes": mean(runs.minutes(options, seed) for seed in seeds if runs.result(options, seed)),
        "hardware": results[0]["hardware"], "diverged": any(result["diverged"] for result in results),
        "curve": list({row["epoch"]: row for row in results[0]["rows"]}.values()),
    }


def noise(runs, seeds):
    """Standard deviation between seeds, pooled over all rows with two or more."""
    every = {json.dumps(options): options for rows in TABLES.values() for options in rows.values()}
    scores = [s["top1"] for options in every.values() if (s := summary(runs, options, seeds)) and len(s["top1"]) > 1]
    if not scores:
        return None
    freedom = sum(len(one) - 1 for one in scores)
    return (sum(stdev(one) ** 2 * (len(one) - 1) for one in scores) / freedom) ** 0.5


def verdict(better, worse, spread):
    """The claim's words, the difference of the means and twice its standard error."""
    difference = mean(better["top1"]) - mean(worse["top1"])
    error = 2 * spread * (1 / len(better["top1"]) + 1 / len(worse["top1"])) ** 0.5
    word = "cannot be told" if abs(difference) <= error else "holds" if difference > 0 else "does not hold"
    return word, difference, error


def points(difference):
    """With its sign; never -0.0."""
    return f"{round(difference, 1) + 0.0:+.1f}"


def against(one, base, spread):
    """Points of top-1 above the base, bold where it is more than twice the standard error."""
    if base is None or one == base:
        return ""
    word, difference, _ = verdict(one, base, spread or math.inf)
    return points(difference) if word == "cannot be told" else f"**{points(difference)}**"


def draw(path, title, summaries):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(13, 4))
    if len(summaries) > 10:
        for part in axes:
            part.set_prop_cycle(color=plt.cm.tab20.colors)
    for name, one in summaries.items():
        epochs = [row["epoch"] for row in one["curve"]]
        axes[0].plot(epochs, [row["loss"] for row in one["curve"]])
        axes[1].plot(epochs, [row["top1"] for row in one["curve"]], label=name)
    axes[0].set(xlabel="epoch", ylabel="training loss")
    axes[1].set(xlabel="epoch", ylabel="validation top-1, %", ylim=(0, None))
    axes[1].legend(fontsize=7, loc="upper left", bbox_to_anchor=(1.02, 1))
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def write_results(runs, seeds, path, command, title):
    curves = path.parent / path.stem.lower()
    curves.mkdir(exist_ok=True)
    spread, base = noise(runs, seeds), summary(runs, {}, seeds)
    common = ", ".join(f"{key} {value}" for key, value in runs.common.items() if key not in ("checkpoint-minutes", "compile"))
    lines = [
        f"# {title}", "",
        f"Made by `{command}`; what has been run is kept, and not run again.",
        f"All runs: {common}; the rest as `train.py` has it.",
        "Accuracy is of the last state, on the validation pictures of these classes, as `train.py` measures it; curves",
        "are of the first seed. A layer with fewer channels than a group of 2^K is one group.", "",
    ]
    if spread is not None:
        lines += [
            f"**Noise.** Of runs that differ in nothing but the seed, the standard deviation is {spread:.1f} points of top-1,",
            "pooled over all rows. The base is MoBiNet-Mid with K = 3 as `train.py` has it; a difference from it is bold",
            "where it is more than twice its standard error.", ""]
    for table, rows in TABLES.items():
        summaries = {name: one for name, options in rows.items() if (one := summary(runs, options, seeds))}
        if all(not rows[name] for name in summaries):  # the base alone, which is in other tables
            continue
        picture = f"{table.lower().replace(' ', '-')}.png"
        draw(curves / picture, table, summaries)
        lines += [
            f"## {table}", "",
            "| | top-1 | each seed | against the base | top-5 | loss, first and last | minutes a run | hardware |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |"]
        for name, one in summaries.items():
            each = ", ".join(f"{top1:.1f}" for top1 in one["top1"])
            first, last = one["loss"]
            lines.append(
                f"| {name}{' (diverged)' if one['diverged'] else ''} | {mean(one['top1']):.1f} | {each} | "
                f"{against(one, base, spread)} | {mean(one['top5']):.1f} | {first:.2f} → {last:.2f} | "
                f"{one['minutes']:.1f} | {one['hardware']} |")
        lines += ["", f"![{table}]({curves.name}/{picture})", ""]
    judged = []
    for claim, better, worse, source in CLAIMS:
        a, b = (summary(runs, options_of(name), seeds) for name in (better, worse))
        if spread is not None and a and b and min(len(a["top1"]), len(b["top1"])) > 1:
            word, difference, error = verdict(a, b, spread)
            judged.append(f"| {claim} ({source}) | {points(difference)} | {error:.1f} | {word} |")
    if judged:
        lines += ["## The paper's claims, here", "",
                  "The difference of the two means of top-1, and twice its standard error. Within that nothing can be told.",
                  "", "| claim | points | twice the error | here it |", "| --- | --- | --- | --- |", *judged, ""]
    path.write_text("\n".join(lines))


def command_of(parser, arguments):
    """The call, without what is as usual, and without --minutes: several calls do what one without it does."""
    words = ["python", "training/ablate.py"]
    for name, value in vars(arguments).items():
        if name != "minutes" and value != parser.get_default(name):
            words += [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
    return shlex.join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", default=str(HERE / "runs" / "ablations"), help="folder of what has been run")
    parser.add_argument("--results", type=Path, default=HERE / "RESULTS.md")
    parser.add_argument("--title", default="Ablations", help="of --results")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--minutes", type=float, default=0.0, help="start no run after that; 0: run all")
    parser.add_argument("--jobs", type=int, default=CORES, help="runs at a time; they share the cores")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES), help="tables to run")
    parser.add_argument("--without", nargs="+", default=[], metavar="ROW", help="rows not to run")
    parser.add_argument("--set", nargs="+", default=[], metavar="OPTION=VALUE", help="of train.py, for all runs")
    arguments = parser.parse_args()

    common = {**PILOT, "device": arguments.device, **dict(text.split("=", 1) for text in arguments.set)}
    runs = Runs(arguments.runs, common)
    command = command_of(parser, arguments)
    threads = max(1, CORES // arguments.jobs)
    begin = time.time()

    def one(task):
        name, options, seed = task
        if arguments.minutes and time.time() - begin > 60 * arguments.minutes:
            return
        runs.run(options, seed, threads)
        top1 = runs.result(options, seed)["rows"][-1]["top1"]
        print(f"{(time.time() - begin) / 60:5.1f} min  {name}, seed {seed}: top-1 {top1:.1f}", flush=True)

    wanted = {}
    for seed in arguments.seeds:
        for title in arguments.only:
            for name, options in TABLES[title].items():
                if name in arguments.without:
                    continue
                wanted.setdefault(runs.path(options, seed), (name, options, seed))
    # The float network first: others may need it as a teacher.
    tasks = sorted(wanted.values(), key=lambda task: (task[2], task[1] != FLOAT))
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for _ in pool.map(one, tasks):
            write_results(runs, arguments.seeds, arguments.results, command, arguments.title)


if __name__ == "__main__":
    main()
