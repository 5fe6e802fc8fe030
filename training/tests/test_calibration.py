import pytest
import torch

from mobinet_training import calibration


def test_the_temperature_of_known_logits_is_found():
    """Classes drawn from softmax(logits / 2.5) are best explained by 2.5."""
    logits = torch.randn(20_000, 10) * 4
    classes = torch.multinomial((logits / 2.5).softmax(1), 1)[:, 0]
    assert calibration.fit_temperature(logits, classes) == pytest.approx(2.5, rel=0.05)


def test_halves_take_every_other_picture_whatever_the_order():
    names = [f"val/n0{c}/{k}.png" for c in (1, 2) for k in range(4)]
    fitted, rest = calibration.halves(names)
    assert [names[k] for k in fitted] == ["val/n01/0.png", "val/n01/2.png", "val/n02/0.png", "val/n02/2.png"]
    assert sorted(fitted + rest) == list(range(8))
    turned = [f"/elsewhere/{name}" for name in reversed(names)]
    assert {turned[k][-9:] for k in calibration.halves(turned)[0]} == {names[k][-9:] for k in fitted}


def test_reliability_and_its_error():
    rows = calibration.reliability([0.1, 0.85, 0.89, 1.0], [False, True, False, True])
    assert [count for _, _, count in rows] == [1, 2, 1]
    assert rows[1][:2] == pytest.approx((0.87, 0.5))
    assert calibration.calibration_error(rows) == pytest.approx((0.1 + 2 * 0.37 + 0) / 4)
