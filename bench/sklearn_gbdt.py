"""Fits scikit-learn's HistGradientBoosting on request: a JSON object per line in, one per line out (bench/gbdt-peer.ts)."""

import json
import sys
import time

import numpy as np
from sklearn import __version__
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor


def read(path, columns):
    """Float32 column after column, the target last."""
    values = np.fromfile(path, dtype="<f4").reshape(columns + 1, -1)
    return np.ascontiguousarray(values[:-1].T, dtype=np.float64), values[-1].astype(np.float64)


def fit(job):
    train, target = read(job["train"], job["columns"])
    test, actual = read(job["test"], job["columns"])
    is_regression = job["task"] == "regression"
    family = HistGradientBoostingRegressor if is_regression else HistGradientBoostingClassifier
    model = family(max_iter=job["rounds"], early_stopping=False, categorical_features=job["categorical"])
    start, start_cpu = time.perf_counter(), time.process_time()
    model.fit(train, target)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    predicted = model.predict(test)
    score = np.sqrt(np.mean((predicted - actual) ** 2)) if is_regression else np.mean(predicted == actual)
    return {"seconds": seconds, "cpuSeconds": cpu_seconds, "score": float(score)}


def write_breast_cancer(path):
    data, target = load_breast_cancer(return_X_y=True)
    np.vstack([data.T, target]).astype("<f4").tofile(path)
    return {"columns": data.shape[1]}


print(json.dumps({"version": __version__}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    answer = write_breast_cancer(request["write"]) if "write" in request else fit(request)
    print(json.dumps(answer), flush=True)
