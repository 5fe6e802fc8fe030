"""Writes out/{v1,v2}.tflite and out/{v1,v2}-int8.tflite (float input and output, as LiteRT.js wants them)."""

import numpy as np
import tensorflow as tf
from network import NETWORKS, OUT, Network

CALIBRATION_PICTURES = 8
ACTIVATIONS = {"relu": tf.nn.relu, "relu6": tf.nn.relu6, None: tf.identity}


def converter(network: Network) -> tf.lite.TFLiteConverter:
    @tf.function(input_signature=[tf.TensorSpec([1, network.size, network.size, 3], tf.float32)])
    def logits(image):
        value, outputs = image, []
        for conv in network.convolutions:
            convolve = tf.nn.depthwise_conv2d if conv.depthwise else tf.nn.conv2d
            strides = [1, conv.stride, conv.stride, 1]
            value = convolve(value, tf.constant(conv.weight_tensorflow), strides, "SAME")
            value = ACTIVATIONS[conv.activation](tf.nn.bias_add(value, conv.bias))
            if conv.skip is not None:
                value += outputs[conv.skip]
            outputs.append(value)
        pool = tf.reduce_mean(value, [1, 2])
        return tf.nn.bias_add(tf.matmul(pool, tf.constant(network.head_weight.T)), network.head_bias)

    return tf.lite.TFLiteConverter.from_concrete_functions([logits.get_concrete_function()])


def quantised(network: Network) -> bytes:
    random = np.random.default_rng(1)
    shape = (1, network.size, network.size, 3)
    quantising = converter(network)
    quantising.optimizations = [tf.lite.Optimize.DEFAULT]
    quantising.representative_dataset = lambda: (
        [random.uniform(-1, 1, shape).astype(np.float32)] for _ in range(CALIBRATION_PICTURES)
    )
    quantising.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return quantising.convert()


if __name__ == "__main__":
    for name, network in NETWORKS.items():
        (OUT / f"{name}.tflite").write_bytes(converter(network()).convert())
        (OUT / f"{name}-int8.tflite").write_bytes(quantised(network()))
