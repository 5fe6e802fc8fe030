"""Networks of Larq's zoo in Larq Compute Engine's own interpreter, one thread: bench/rivals.js talks to it.

    python bench/rivals.py FOLDER NAME ...

Reads NAME.tflite of the folder, or makes it, with random weights, which takes minutes. Says `ready`, then reads a
name a line and answers with the milliseconds of processor time of one run. Needs what docs/import.md installs for QuickNet.
"""

import os
import sys
import time
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
from larq_compute_engine.tflite.python.interpreter import Interpreter


def make(name):
    import larq_compute_engine as lce
    import larq_zoo

    zoo = {
        "bireal18": larq_zoo.literature.BiRealNet,
        "quicknet": larq_zoo.sota.QuickNet,
        "real-to-binary": larq_zoo.literature.RealToBinaryNet,
    }
    return lce.convert_keras_model(zoo[name](weights=None))


folder, networks = Path(sys.argv[1]), {}
folder.mkdir(parents=True, exist_ok=True)
picture = np.random.uniform(-1, 1, (1, 224, 224, 3)).astype(np.float32)
for name in sys.argv[2:]:
    file = folder / f"{name}.tflite"
    if not file.exists():
        file.write_bytes(make(name))
    networks[name] = Interpreter(file.read_bytes(), num_threads=1)
    networks[name].predict(picture)
print("ready", flush=True)
for line in sys.stdin:
    begin = time.process_time()
    networks[line.strip()].predict(picture)
    print((time.process_time() - begin) * 1000, flush=True)
