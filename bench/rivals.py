"""Networks of Larq's zoo, and ReActNet-A of Larq's layers, in Larq Compute Engine's own interpreter, one thread:
bench/rivals.js talks to it.

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


def react_net_a():
    """ReActNet-A (Liu et al., 2020), which the zoo has not: as src/networks/reactnet-a.ts."""
    import larq
    import tensorflow as tf
    from tensorflow.keras import layers

    class Shift(layers.Layer):
        def build(self, shape):
            self.bias = self.add_weight("bias", shape[-1:], initializer="random_normal")

        def call(self, x):
            return x + self.bias

    def convolve(x, channels, size, stride=1):
        x = larq.layers.QuantConv2D(
            channels, size, stride, padding="same", use_bias=False,
            input_quantizer="approx_sign", kernel_quantizer="magnitude_aware_sign", kernel_constraint="weight_clip")(x)
        return layers.BatchNormalization()(x)

    def activate(x):
        return Shift()(layers.PReLU(shared_axes=[1, 2])(Shift()(x)))

    image = layers.Input((224, 224, 3))
    x = layers.BatchNormalization()(layers.Conv2D(32, 3, 2, padding="same", use_bias=False)(image))
    blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + 5 * [(512, 1)] + [(1024, 2), (1024, 1)]
    for outputs, stride in blocks:
        channels = x.shape[-1]
        skip = x if stride == 1 else layers.AvgPool2D(2)(x)
        x = activate(layers.add([convolve(Shift()(x), channels, 3, stride), skip]))
        shifted = Shift()(x)
        halves = [layers.add([convolve(shifted, channels, 1), x]) for _ in range(outputs // channels)]
        x = activate(halves[0] if len(halves) == 1 else layers.concatenate(halves))
    return tf.keras.Model(image, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)))


def make(name):
    import larq_compute_engine as lce
    import larq_zoo

    networks = {
        "bireal18": lambda: larq_zoo.literature.BiRealNet(weights=None),
        "quicknet": lambda: larq_zoo.sota.QuickNet(weights=None),
        "reactnet-a": react_net_a,
        "real-to-binary": lambda: larq_zoo.literature.RealToBinaryNet(weights=None),
    }
    return lce.convert_keras_model(networks[name]())


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
