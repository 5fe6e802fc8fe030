import json
import sys

import pytest
import torch

from mobinet_training import ablate
from mobinet_training import networks
from mobinet_training import train

TABLES = {"Parts": {"all parts": {}, "no alpha": {"alpha": "false"}}}
CLAIMS = [("Alpha helps", "all parts", "no alpha", "eq. 3")]


def test_results_are_of_what_was_run_and_nothing_is_run_twice(tiny, monkeypatch):
    monkeypatch.setattr(ablate, "TABLES", TABLES)
    monkeypatch.setattr(ablate, "CLAIMS", CLAIMS)
    settings = {
        "train": tiny / "train", "val": tiny / "val", "classes": tiny / "classes.tsv", "cache": tiny / "cache",
        "class-step": 1, "batch": 8, "epochs": 1, "shift": 2, "warmup": 0.1,
    }

    def results(*seeds, more=()):
        arguments = [
            "--runs", tiny / "runs", "--results", tiny / "RESULTS.md", "--device", "cpu", "--minutes=10",
            "--title", "Of two colours", "--seeds", *seeds, "--set", *(f"{key}={value}" for key, value in settings.items()), *more,
        ]
        monkeypatch.setattr(sys, "argv", ["ablate.py", *map(str, arguments)])
        ablate.main()
        return (tiny / "RESULTS.md").read_text()

    assert "| no alpha |" not in results(0, more=["--without", "no alpha"])
    once = results(0)
    assert once.startswith("# Of two colours\n")
    assert "| all parts |" in once and "| no alpha |" in once
    assert "Alpha helps" not in once, "one seed shows nothing"
    command = once.split("`")[1]
    assert command.startswith("python training/ablate.py --runs ")
    assert "--seeds 0" in command and "--set" in command
    assert "--minutes" not in command, "several calls with it do what one without it does"
    assert (tiny / "results" / "parts.png").stat().st_size > 5000
    twice = results(0, 1)
    assert "Alpha helps (eq. 3)" in twice
    assert "--seeds" not in twice.split("`")[1], "what is as usual is not said"
    monkeypatch.setattr(ablate.subprocess, "run", lambda *_, **__: pytest.fail("run a second time"))
    assert results(0, 1) == twice


@pytest.mark.parametrize("better, worse, word", [
    ([40.0, 42.0], [30.0, 31.0], "holds"),
    ([30.0, 31.0], [40.0, 42.0], "does not hold"),
    ([40.0, 42.0], [39.0, 42.0], "cannot be told"),
])
def test_a_claim_is_judged_by_the_noise(better, worse, word):
    assert ablate.verdict({"top1": better}, {"top1": worse}, spread=1.0)[0] == word


def test_every_claim_names_rows_that_there_are():
    for _, better, worse, _ in ablate.CLAIMS:
        assert ablate.options_of(better) != ablate.options_of(worse)


def test_runs_with_other_options_are_kept_apart():
    rows = [options for table in ablate.TABLES.values() for options in table.values()]
    distinct = []
    for options in rows:
        if options not in distinct:
            distinct.append(options)
    paths = {ablate.Runs("runs", {}).path(options, seed) for options in distinct for seed in (0, 1)}
    assert len(paths) == 2 * len(distinct)


def test_every_row_is_a_network_that_takes_the_pilots_pictures():
    for rows in ablate.TABLES.values():
        for options in rows.values():
            # Options of another run, and what stands for half of the epochs, are made by ablate.py.
            plain = {key: value for key, value in {**ablate.PILOT, **options}.items()
                     if not isinstance(value, dict) and value != "half"}
            words = [word for key, value in plain.items() for word in (f"--{key}", str(value))]
            settings = train.parse_settings(words)
            net = networks.build(train.network_settings(settings, 20)).eval()
            assert net(torch.zeros(1, 3, settings.size, settings.size)).shape == (1, 20)


def test_minutes_are_with_those_of_the_runs_that_a_run_needs(tmp_path):
    runs = ablate.Runs(tmp_path, {})
    taught = {"teacher": ablate.FLOAT}
    for options, minutes in ((ablate.FLOAT, 0.5), (taught, 1.5)):
        runs.path(options, 0).mkdir()
        row = {"epoch": 1, "minutes": minutes, "loss": 1, "top1": 20, "top5": 50}
        result = {"rows": [row], "hardware": "a core", "diverged": None}
        (runs.path(options, 0) / "result.json").write_text(json.dumps(result))
    assert ablate.summary(runs, taught, [0])["minutes"] == 2.0
    assert ablate.summary(runs, ablate.FLOAT, [0])["minutes"] == 0.5
