"""Networks of Larq's zoo in Larq Compute Engine's own interpreter, one thread: bench/rivals.js talks to it.

Builds those named as arguments with random weights, says `ready`, then reads a name a line and answers with
the milliseconds of one run. Needs what docs/import.md installs for QuickNet.
"""

import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import larq_compute_engine as lce
import larq_zoo
import numpy as np
from larq_compute_engine.tflite.python.interpreter import Interpreter

ZOO = {
    "bireal18": larq_zoo.literature.BiRealNet,
    "quicknet": larq_zoo.sota.QuickNet,
    "real-to-binary": larq_zoo.literature.RealToBinaryNet,
}

picture = np.random.uniform(-1, 1, (1, 224, 224, 3)).astype(np.float32)
networks = {}
for name in sys.argv[1:]:
    model = lce.convert_keras_model(ZOO[name](weights=None))
    networks[name] = Interpreter(model, num_threads=1)
    networks[name].predict(picture)
print("ready", flush=True)
for line in sys.stdin:
    network = networks[line.strip()]
    begin = time.perf_counter()
    network.predict(picture)
    print((time.perf_counter() - begin) * 1000, flush=True)
