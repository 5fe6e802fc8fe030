import pytest

from mobinet_training import ablate, networks, rivals


def test_the_table_is_of_what_was_run_and_nothing_is_run_twice(tiny, monkeypatch):
    monkeypatch.setattr(rivals, "ROWS", {"BNN": rivals.ROWS["BNN"]})
    settings = {
        "train": tiny / "train", "val": tiny / "val", "classes": tiny / "classes.tsv", "cache": tiny / "cache",
        "class-step": 1, "batch": 8, "epochs": 1, "shift": 2, "bfloat16": "false",
    }
    arguments = [
        "--runs", str(tiny / "runs"), "--results", str(tiny / "RIVALS.md"), "--minutes", "1",
        "--set", *(f"{key}={value}" for key, value in settings.items()),
    ]
    rivals.main(arguments)
    once = (tiny / "RIVALS.md").read_text()
    lines = {line.split(" | ")[0]: line for line in once.splitlines()}
    assert lines["| BNN"].count("|") == 9
    assert "One seed each" in once
    monkeypatch.setattr(ablate.subprocess, "run", lambda *_, **__: pytest.fail("run a second time"))
    rivals.main(arguments)
    assert (tiny / "RIVALS.md").read_text() == once


def test_every_kind_has_a_row():
    assert {options.get("kind", "mobinet") for options in rivals.ROWS.values()} == set(networks.KINDS)


def test_noise_is_pooled_over_the_rows_with_two_seeds():
    assert rivals.noise([{"top1": [40.0, 42.0]}, {"top1": [30.0]}]) == pytest.approx(2**0.5)
    assert rivals.noise([{"top1": [30.0]}]) is None
