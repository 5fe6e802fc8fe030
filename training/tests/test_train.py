import csv
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from mobinet_training import augment, data, progress, restore, speed, teachers
from mobinet_training import train

SCRIPT = Path(train.__file__).parent.parent / "train.py"


def options(tiny, out, **settings):
    common = {
        "out": tiny / out, "train": tiny / "train", "val": tiny / "val", "device": "cpu",
        "classes": tiny / "classes.tsv", "cache": tiny / "cache", "size": 32, "width": 0.25,
        "shift": 2, "batch": 8, "epochs": 2, "warmup": 0.1, "compile": "false", "bfloat16": "false", **settings,
    }
    return [text for key, value in common.items() for text in (f"--{key.replace('_', '-')}", str(value))]


def test_learns_and_writes_metrics_curves_and_checkpoint(tiny):
    train.main(options(tiny, "run", epochs=15))
    with open(tiny / "run" / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["top1"]) == 100
    assert (tiny / "run" / "curves.png").stat().st_size > 5000
    assert torch.load(tiny / "run" / "latest.pt")["step"] == 15 * 3


def same_state(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_state(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same_state, a, b))
    return a == b


def test_resumes_to_the_same_state(tiny, monkeypatch):
    """Stopped in the middle of an epoch, and run again: all as if it had not been stopped."""
    train.main(options(tiny, "whole", epochs=3))
    saved, stop = train.save, []

    def save_and_stop(path, state):
        saved(path, state)
        if not stop:
            stop.append(state["step"])
            raise KeyboardInterrupt

    monkeypatch.setattr(train, "save", save_and_stop)
    with pytest.raises(KeyboardInterrupt):
        train.main(options(tiny, "parts", epochs=3, checkpoint_minutes=1e-9))
    assert stop[0] % 3 != 0, "stopped inside an epoch"
    train.main(options(tiny, "parts", epochs=3))
    whole, parts = (torch.load(tiny / name / "latest.pt") for name in ("whole", "parts"))
    for key in ("model", "optimizer", "average", "step", "epoch", "batch_index", "epoch_state", "chance"):
        assert same_state(whole[key], parts[key]), key


def test_a_budget_of_minutes_ends_annealed(tiny, monkeypatch):
    rates = []
    step = torch.optim.Adam.step
    def noting(optimizer, *arguments, **named):
        rates.append(optimizer.param_groups[0]["lr"])
        return step(optimizer, *arguments, **named)
    monkeypatch.setattr(torch.optim.Adam, "step", noting)
    train.main(options(tiny, "short", epochs=10_000, minutes=0.1, warmup=0, small_size=32))
    assert rates[0] > 0.9 * 3e-3
    assert rates[-1] < 0.2 * 3e-3
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("schedule, factors", [
    ("linear", [1, 0.5, 0]), ("cosine", [1, 0.5, 0]), ("paper", [1, 0.1, 0.01]),
])
def test_schedules(schedule, factors):
    s = train.parse_settings(["--schedule", schedule, "--warmup", "0"])
    assert [train.rate(s, at) for at in (0, 0.5, 1)] == pytest.approx(factors)


def test_a_teacher_can_be_distilled_from(tiny):
    train.main(options(tiny, "teacher", kind="mobilenet_v1", epochs=1))
    train.main(options(tiny, "student", teacher=tiny / "teacher" / "latest.pt", epochs=1))
    assert torch.load(tiny / "student" / "latest.pt")["step"] == 3


def test_teachers_that_answer_once_have_the_answers_of_all_pictures(tiny):
    for name, seed in (("one", 0), ("two", 1)):
        train.main(options(tiny, name, kind="mobilenet_v1", epochs=1, seed=seed))
    paths = [str(tiny / name / "latest.pt") for name in ("one", "two")]
    nets = [restore.load_network(path) for path in paths]
    s = train.parse_settings([*options(tiny, "student", epochs=1, teacher_once="true"), "--teacher", *paths])
    _, _, (pixels, classes), val = train.pictures(s)
    run = train.Run(s, 2, (pixels, classes), val)
    x = torch.cat([data.normalise(view) for view in (pixels, pixels.flip(2))])
    with torch.no_grad():
        expected = (teachers.scores(nets[:1], x) + teachers.scores(nets[1:], x)).view(2, len(pixels), -1).sum(0) / 4
    assert torch.allclose(run.answers.float(), expected, atol=2e-3)
    assert torch.equal(train.Run(s, 2, (pixels, classes), val).answers, run.answers), "kept, not asked again"
    assert run.batch(torch.tensor([5, 2, 7]))[2].tolist() == run.answers[[5, 2, 7]].tolist()


def test_a_run_can_start_from_another(tiny):
    train.main(options(tiny, "first", epochs=15))
    train.main(options(tiny, "second", start_from=tiny / "first" / "latest.pt", epochs=1, lr=1e-6))
    assert torch.load(tiny / "second" / "latest.pt")["rows"][-1]["top1"] == 100


def test_ends_with_the_average_of_the_weights(tiny):
    """With a decay of 1 the average stays what it was after the first step."""
    train.main(options(tiny, "average", average=1.0, epochs=3, warmup=0))
    train.main(options(tiny, "plain", epochs=3, warmup=0))
    average, plain = (torch.load(tiny / name / "latest.pt")["model"] for name in ("average", "plain"))
    assert not torch.equal(average["stem.0.weight"], plain["stem.0.weight"])


def test_statistics_of_batch_norms_are_taken_anew(tiny):
    """Of all pictures in one batch, not augmented: what one forward pass of them gives."""
    train.main(options(tiny, "run", epochs=1, reestimate=24, batch=24))
    state = torch.load(tiny / "run" / "latest.pt")["model"]
    pixels, _, _ = data.load([tiny / "train"], ["n01", "n02"], 32, tiny / "cache")
    stem = torch.nn.functional.conv2d(data.normalise(pixels), state["stem.0.weight"], None, 2, 1)
    assert torch.allclose(state["stem.1.running_mean"], stem.mean((0, 2, 3)), atol=1e-5)


def test_a_pause_does_not_count_against_the_budget():
    recent = [0.2, 0.3, 0.2]
    assert train.counted(0.5, recent) == 0.5
    assert train.counted(3600, recent) == 0.2
    assert train.counted(60, []) == 60, "the first step compiles"


def test_augmentation_shifts_and_mirrors_and_nothing_else():
    """Every augmented picture is a crop of the mirrored-border original, straight or flipped."""
    picture = torch.arange(36).view(6, 6, 1).expand(6, 6, 3).byte()
    padded = torch.nn.functional.pad(picture.permute(2, 0, 1)[None].float(), (2,) * 4, mode="reflect")[0]
    crops = {
        tuple(crop.flatten().tolist())
        for top in range(5) for left in range(5)
        for straight in [padded[0, top : top + 6, left : left + 6]]
        for crop in (straight, straight.flip(1))
    }
    batch = augment.augment(picture.expand(500, 6, 6, 3), 6, augment.Augmentation(shift=2), torch.Generator().manual_seed(0))
    pixels = (batch[:, 0] * data.STD[0] + data.MEAN[0]) * 255
    seen = {tuple(one.round().flatten().tolist()) for one in pixels}
    assert seen == crops


def test_two_processes_train_one_network(tiny):
    """Started as torchrun starts them; torchrun itself fails in PyTorch 1.13 under Python 3.11."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), *options(tiny, "two", epochs=15)],
            env={**os.environ, **common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors[-2000:]
    checkpoint = torch.load(tiny / "two" / "latest.pt")
    assert checkpoint["step"] == 15 * 3
    assert checkpoint["rows"][-1]["top1"] == 100


def test_zip_files_and_folders_give_the_same_pictures(tiny):
    import shutil
    shutil.make_archive(str(tiny / "packed"), "zip", tiny, "train")
    a = data.load([tiny / "train"], ["n01", "n02"], 32, tiny / "cache")
    b = data.load([tiny / "packed.zip"], ["n01", "n02"], 32, tiny / "cache")
    assert torch.equal(a[0], b[0]) and torch.equal(a[1], b[1])
    assert a[1].tolist() == [0] * 12 + [1] * 12
    again = data.load([tiny / "packed.zip"], ["n01", "n02"], 32, tiny / "cache")
    assert torch.equal(b[0], again[0])


def test_pictures_of_unknown_classes_are_refused(tiny):
    with pytest.raises(SystemExit, match="n02"):
        data.load([tiny / "train"], ["n01"], 32, tiny / "cache")


def test_tracks_stay_on_one_side():
    names = [f"train/{c}/{track}_{frame}.png" for c in "ab" for track in range(5) for frame in range(4)]
    assert data.are_tracks(names)
    assert not data.are_tracks([f"train/a/n01_{k}.png" for k in range(20)]), "one track a class is no track"
    groups = [data.track_of(name) for name in names]
    trained, held = data.split(torch.tensor([0] * 20 + [1] * 20), groups, 0.2)
    assert len(held) == 8, "one track of five, in each class"
    assert not {groups[k] for k in trained} & {groups[k] for k in held}


def test_every_nth_picture_and_what_is_held_back_are_the_same_for_all_seeds(tiny):
    def of(*words):
        _, _, (pixels, _), (val, _) = train.pictures(train.parse_settings(
            [*options(tiny, "run"), "--val-share", "0.5", *words]))
        return pixels, val

    (pixels, val), (third, _) = of("--seed", "0"), of("--picture-step", "3")
    assert len(pixels) == len(val) == 12 and len(third) == 4
    assert torch.equal(of("--seed", "7")[1], val)


def test_a_checkpoint_after_every_nth_epoch(tiny):
    train.main(options(tiny, "run", epochs=5, checkpoint_epochs=2, reestimate=0))
    with open(tiny / "run" / "metrics.csv") as file:
        assert [float(row["epoch"]) for row in csv.DictReader(file)] == [2, 4, 5]


def test_measuring_takes_a_tenth_of_the_time_at_most(tiny, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(train.time, "time", lambda: now[0])
    take, note = train.Run.take_step, train.Run.note

    def step(self, *arguments):
        now[0] += 1
        return take(self, *arguments)

    def slow(self, *arguments):
        now[0] += 2
        return note(self, *arguments)

    monkeypatch.setattr(train.Run, "take_step", step)
    monkeypatch.setattr(train.Run, "note", slow)
    train.main(options(tiny, "run", epochs=17, checkpoint_minutes=0.01, reestimate=0))
    with open(tiny / "run" / "metrics.csv") as file:
        steps = [round(3 * float(row["epoch"])) for row in csv.DictReader(file)]
    assert steps == [1, 20, 39, 51]


def test_a_bar_that_nothing_moves_still_ticks():
    shown = threading.Event()
    with progress.ticking(SimpleNamespace(refresh=shown.set), seconds=0.001):
        assert shown.wait(10)
    shown.clear()
    assert not shown.wait(0.05), "after that it is left alone"


def test_the_speed_of_a_way_to_train_is_measured(monkeypatch, capsys):
    monkeypatch.setattr(speed, "WAYS", {"eager": (1, 1, {"planes": True})})
    monkeypatch.setattr(speed, "decoding", lambda size: (100.0, 1e6))
    monkeypatch.setattr(speed, "in_processes", lambda name, chosen, steps: speed.measure(chosen, **speed.WAYS[name][2]))
    monkeypatch.setattr(sys, "argv", ["speed.py", "--seconds", "0.01", "--width", "0.25", "--size", "32"])
    speed.main()
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| eager |")]
    assert all(float(cell) >= 0 for cell in row.split("|")[2:4])


def test_a_class_of_one_picture_cannot_be_split():
    with pytest.raises(SystemExit, match="only one"):
        data.split(torch.tensor([0, 0, 1]), ["a", "b", "c"], 0.5)


def test_the_network_is_taken_from_the_file(tiny):
    train.main(options(tiny, "first", k=2, sign_shift="true", epochs=1))
    start = tiny / "first" / "latest.pt"
    plain = [word for word in options(tiny, "second", start_from=start, epochs=1)]
    at = plain.index("--width")
    train.main(plain[:at] + plain[at + 2 :])
    first, second = (torch.load(tiny / name / "latest.pt")["network"] for name in ("first", "second"))
    assert first == second
    with pytest.raises(SystemExit, match="--k is 3"):
        train.main(options(tiny, "third", start_from=start, k=3))


def test_flips_can_be_turned_off_and_noise_on():
    picture = torch.arange(36).view(1, 6, 6, 1).expand(50, 6, 6, 3).byte()
    chance = torch.Generator().manual_seed(0)
    still = augment.augment(picture, 6, augment.Augmentation(shift=0, flip=False), chance)
    assert torch.equal(still, data.normalise(picture))
    step = (augment.neighbour(still, chance) - still) * torch.tensor(data.STD).view(1, 3, 1, 1) * 255
    assert set(step.round().unique().tolist()) == {-1, 0, 1}
