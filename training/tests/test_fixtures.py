"""The graphs that the runtime's builders are compared with are those of the networks here."""

import gzip
import importlib.util
import json

import pytest

from mobinet_training.export import ROOT


@pytest.mark.parametrize("name", ["mobinet.json.gz", "kinds.json.gz"])
def test_the_fixture_of_networks_is_current(name):
    path = ROOT / "test/fixtures/networks/make_fixtures.py"
    spec = importlib.util.spec_from_file_location("make_fixtures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kept = json.loads(gzip.decompress((module.FOLDER / name).read_bytes()))
    assert kept == json.loads(json.dumps(list(module.FIXTURES[name]())))
