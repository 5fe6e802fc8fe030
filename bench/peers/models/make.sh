#!/bin/sh
# Writes all models to models/out; PYTHON is an interpreter with requirements.txt installed.
set -e
cd "$(dirname "$0")"
node ours.js
for model in onnx tfjs tflite; do
  "${PYTHON:-python3}" "make_$model.py" || echo "make_$model.py failed; its peers will be missing" >&2
done
ls -l out out/tfjs-*
