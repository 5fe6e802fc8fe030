import torch

from mobinet_training import export, networks, steadiness


def test_changes_are_small_and_of_the_kind_they_say():
    pixels = torch.randint(60, 200, (1, 8, 8, 3)).byte()
    generator = torch.Generator().manual_seed(0)
    noise = steadiness.noisy(pixels, generator) - pixels.int()
    assert set(noise.unique().tolist()) == {-1, 0, 1}
    moved = steadiness.shifted(pixels, generator)
    assert torch.equal(moved[:, :, 1:], pixels[:, :, :-1]) and torch.equal(moved[:, :, 0], pixels[:, :, 0])
    flat = torch.full((1, 16, 16, 3), 120).byte()
    assert (steadiness.recoded(flat, generator).int() - flat.int()).abs().max() <= 1


def test_labels_that_change_are_counted():
    pixels = torch.zeros(10, 4, 4, 3).byte()
    pixels[:5, :, 0] = 255  # their second column changes with a shift
    shares = steadiness.changed_labels(lambda x: (x[:, 0, 1, 0] > 128).long(), pixels)
    assert shares == {"noise of one grey level": 0, "shift by one pixel": 0.5, "JPEG at quality 90": shares["JPEG at quality 90"]}


def test_a_model_file_with_an_int16_stream_is_opened(tmp_path):
    net = networks.MoBiNet("mid", 2, 0.25, 5)
    torch.nn.init.normal_(net.head.weight)
    path = tmp_path / "model.safetensors"
    export.export(net.eval(), path, 32, "a network", list("abcde"), list("ABCDE"), {}, fraction=8)
    label, size = steadiness.open_model(path)
    assert size == 32 and label(torch.randint(0, 256, (3, 32, 32, 3)).byte()).shape == (3,)
