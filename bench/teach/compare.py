"""Logistic regression by scikit-learn on the features of teach.js: no more than one point apart.

    pip install scikit-learn
    node bench/teach/teach.js val/ features.json && python bench/teach/compare.py features.json
"""

import json
import sys

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

apart = []
for run in json.load(open(sys.argv[1])):
    taught, rest = (
        ([p["features"] for p in run[part]], [p["label"] for p in run[part]])
        for part in ("taught", "rest")
    )
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=1, max_iter=1000))
    accuracy = theirs.fit(*taught).score(*rest)
    ours = next(a for a in run["accuracies"] if a["method"] == "logistic regression")["accuracy"]
    apart.append(abs(accuracy - ours))
    print(f"{run['count']} pictures a class: ours {ours:.4f}, scikit-learn {accuracy:.4f}")
sys.exit(0 if max(apart) <= 0.01 else "more than one point apart")
