import pytest
import torch

from mobinet_training import export
from mobinet_training import networks
from mobinet_training import restore
from mobinet_training.networks import signs
from test_export import scrambled


def exported(net, path, size=32, **options):
    export.export(net, path, size, "a network", list("abcde"), list("ABCDE"), {}, **options)
    return path


@pytest.mark.parametrize("make", [
    lambda: networks.MoBiNet("mid", 3, 0.25, 5, sign_shift=True, prelu_shift=True),
    lambda: networks.MoBiNet("mid", 3, 0.25, 5, levels=2),
    lambda: networks.MoBiNet("lean", 3, 0.25, 5, levels=3, float_blocks=6),
    lambda: networks.MobileNetV1(0.25, 5),
], ids=["MoBiNet", "two thresholds", "float blocks", "float"])
def test_a_network_started_from_its_model_file_gives_the_same_logits(make, tmp_path):
    net = scrambled(make())
    started = make().eval()
    restore.start_from(started, exported(net, tmp_path / "model.safetensors"))
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(started(x), net(x), atol=1e-3)


@pytest.mark.parametrize("settings", [
    {"block": "mid", "levels": 2}, {"block": "lean", "levels": 3, "float_blocks": 6}, {"block": "post", "float_blocks": 6},
    {"block": "none"}, {"block": "pre"},
], ids=str)
def test_the_network_is_known_from_its_model_file(settings, tmp_path):
    net = scrambled(networks.MoBiNet(width=0.25, classes=5, **settings))
    path = exported(net, tmp_path / "model.safetensors")
    assert settings.items() <= restore.network_of(path).items()
    x = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(restore.load_network(path)(x), net(x), atol=1e-3)


def test_a_network_with_float_blocks_starts_from_those_of_a_mobilenet(tmp_path):
    theirs = scrambled(networks.MobileNetV1(0.25, 5))
    net = networks.MoBiNet("lean", width=0.25, classes=5, float_blocks=2)
    kept = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    restore.start_from(net, exported(theirs, tmp_path / "model.safetensors"))
    assert torch.equal(net.stem[0].weight, theirs.stem[0].weight)
    assert torch.equal(net.blocks[1][1][1].running_var, theirs.blocks[1][1][1].running_var)
    taken = ("stem.", "blocks.0.", "blocks.1.")
    assert all(torch.equal(t, kept[name]) for name, t in net.state_dict().items() if not name.startswith(taken))


def test_training_can_go_on_from_latent_weights(tmp_path):
    settings = {"kind": "mobinet", "block": "mid", "width": 0.25, "classes": 5, "levels": 2}
    net = scrambled(networks.build(settings))
    restore.write_latent(tmp_path / "latent.safetensors", settings, net.state_dict())
    assert restore.network_of(tmp_path / "latent.safetensors") == settings
    started = networks.build(settings)
    restore.start_from(started, tmp_path / "latent.safetensors")
    ours, theirs = (n.blocks[3].units[0].weight.detach() for n in (started, net))
    assert torch.allclose(ours, theirs, rtol=1e-3)


def test_shadow_weights_have_the_signs_and_the_alphas_of_the_file(tmp_path):
    net = scrambled(networks.MoBiNet("mid", 2, 0.25, 5))
    started = networks.MoBiNet("mid", 2, 0.25, 5)
    restore.start_from(started, exported(net, tmp_path / "model.safetensors"))
    ours, theirs = (n.blocks[3].units[0].weight.detach() for n in (started, net))
    assert torch.equal(signs.sign(ours), signs.sign(theirs))
    assert torch.allclose(signs.alpha_of(ours), signs.alpha_of(theirs))
    assert ours[0].abs().std() > 0, "not all of one size: else all turn over at once"


def test_an_int8_head_is_read(tmp_path):
    net = scrambled(networks.MoBiNet("mid", 0, 0.25, 5))
    started = networks.MoBiNet("mid", 0, 0.25, 5)
    restore.start_from(started, exported(net, tmp_path / "model.safetensors", head="int8"))
    step = net.head.weight.abs().max() / 127
    assert (started.head.weight - net.head.weight).abs().max() <= step * 0.51


def test_a_head_for_other_classes_is_left_as_it_is(tmp_path):
    net = scrambled(networks.MoBiNet("mid", 0, 0.25, 5))
    started = networks.MoBiNet("mid", 0, 0.25, 3)
    restore.start_from(started, exported(net, tmp_path / "model.safetensors"))
    assert not started.head.weight.any()
    assert torch.equal(started.stem[0].weight, net.stem[0].weight)


def test_parameters_that_the_file_lacks_are_left_as_they_are(tmp_path):
    net = scrambled(networks.MoBiNet("mid", 0, 0.25, 5))
    started = networks.MoBiNet("mid", 0, 0.25, 5, sign_shift=True)
    restore.start_from(started, exported(net, tmp_path / "model.safetensors"))
    assert not started.blocks[0].units[0].shift.any()


def test_a_checkpoint_is_taken_as_it_is(tmp_path):
    net = scrambled(networks.MoBiNet("mid", 0, 0.25, 5))
    torch.save({"model": net.state_dict()}, tmp_path / "latest.pt")
    started = networks.MoBiNet("mid", 0, 0.25, 5)
    restore.start_from(started, tmp_path / "latest.pt")
    assert all(torch.equal(a, b) for a, b in zip(started.parameters(), net.parameters()))


def test_a_file_of_another_width_is_refused(tmp_path):
    path = exported(scrambled(networks.MoBiNet("mid", 0, 0.25, 5)), tmp_path / "model.safetensors")
    with pytest.raises(SystemExit, match="another network"):
        restore.start_from(networks.MoBiNet("mid", 0, 0.5, 5), path)


@pytest.mark.parametrize("settings", [
    {"block": "mid", "k": 4, "width": 0.25, "stem_stride": 1}, {"block": "pre", "k": 0, "width": 0.5, "prelu": False},
    {"block": "post", "k": 1, "width": 0.25, "prelu_shift": True}, {"block": "none", "k": 2, "width": 0.25},
    {"block": "mid", "k": 3, "width": 0.25, "sign_shift": True, "alpha": False, "doubling_skip": False},
], ids=lambda settings: settings["block"])
def test_a_files_network_is_read_from_its_graph(settings, tmp_path):
    path = exported(scrambled(networks.MoBiNet(classes=5, **settings)), tmp_path / "model.safetensors")
    read = restore.network_of(path)
    assert {key: read[key] for key in settings} == settings
    assert read["classes"] == 5
    restore.start_from(networks.build(read), path)
