"""Fits scikit-learn's HistGradientBoostingRegressor on a split written by bench/gbdt.ts; prints one JSON object."""

import json
import sys
import time

import numpy as np
from sklearn import __version__
from sklearn.ensemble import HistGradientBoostingRegressor

CATEGORICAL = ["cut", "color", "clarity"]
NUMERIC = ["carat", "depth", "table"]


def read(path):
    with open(path, encoding="utf-8") as file:
        names = file.readline().strip().split(",")
        rows = [line.rstrip("\n").split(",") for line in file]
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def matrix(columns, codes):
    coded = [[codes[name][value] for value in columns[name]] for name in CATEGORICAL]
    numeric = [[float(value) for value in columns[name]] for name in NUMERIC]
    return np.array(coded + numeric, dtype=np.float64).T


def measure(train, train_target, test, test_target, categorical_features):
    seconds = []
    for _ in range(4):
        model = HistGradientBoostingRegressor(
            max_iter=100, early_stopping=False, categorical_features=categorical_features
        )
        start = time.perf_counter()
        model.fit(train, train_target)
        seconds.append(time.perf_counter() - start)
    error = model.predict(test) - test_target
    return {"seconds": min(seconds[1:]), "rmse": float(np.sqrt(np.mean(error**2)))}


def main(train_path, test_path):
    train, test = read(train_path), read(test_path)
    codes = {name: {value: code for code, value in enumerate(sorted(set(train[name])))} for name in CATEGORICAL}
    arguments = (
        matrix(train, codes),
        np.array(train["price"], dtype=np.float64),
        matrix(test, codes),
        np.array(test["price"], dtype=np.float64),
    )
    print(
        json.dumps(
            {
                "version": __version__,
                "ordinal": measure(*arguments, None),
                "categorical": measure(*arguments, [0, 1, 2]),
            }
        )
    )


main(sys.argv[1], sys.argv[2])
