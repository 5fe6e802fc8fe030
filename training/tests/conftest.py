import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)
    torch.set_num_threads(1)


@pytest.fixture
def tiny(tmp_path):
    """Image folders of two classes that differ in colour, 12 pictures each, and their class list."""
    generator = torch.Generator().manual_seed(3)
    for part, count in (("train", 12), ("val", 4)):
        for k, class_id in enumerate(("n01", "n02")):
            folder = tmp_path / part / class_id
            folder.mkdir(parents=True)
            for index in range(count):
                pixels = torch.randint(0, 120, (32, 32, 3), generator=generator)
                pixels[..., k] += 120
                Image.fromarray(pixels.byte().numpy()).save(folder / f"{index}.png")
    (tmp_path / "classes.tsv").write_text("n01\tred\nn02\tgreen\n")
    return tmp_path
