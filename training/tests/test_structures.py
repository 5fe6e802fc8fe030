"""The fixture that the package's builder of networks is compared with is what the exporter writes now."""

import json
from pathlib import Path

from mobinet_training import structures

FIXTURE = Path(__file__).resolve().parents[2] / "test/fixtures/networks/mobinet.json"


def test_the_fixture_is_current():
    assert FIXTURE.read_text() == structures.text(), f"run: python3 training/structures.py {FIXTURE}"


def test_what_cannot_be_grouped_is_refused_and_nothing_else():
    refused = [n for n in json.loads(FIXTURE.read_text())["networks"] if n["refused"]]
    assert {(n["k"], n["width"]) for n in refused} == {(4, 0.75)}
