"""The graphs that the runtime's builders are compared with are those of the networks here."""

import gzip
import importlib.util
import json

from mobinet_training.export import ROOT


def test_the_fixture_of_networks_is_current():
    path = ROOT / "test/fixtures/networks/make_fixtures.py"
    spec = importlib.util.spec_from_file_location("make_fixtures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    kept = json.loads(gzip.decompress(module.FIXTURE.read_bytes()))
    assert kept == json.loads(json.dumps(list(module.cases())))
