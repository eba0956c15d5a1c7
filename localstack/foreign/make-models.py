"""Trains models with other people's tools and writes them with the predictions those tools make of the same rows.

    python make-models.py OUTDIR

For each model NAME: OUTDIR/NAME.onnx, OUTDIR/NAME.csv (baseline rows with the target) and an entry in
OUTDIR/expected.json:

    {"models": [{"name", "target", "task", "classes"?, "activation"?, "rows": [{column: value}],
                 "values"? | "probabilities"? (rows x classes, in the order of "classes")}]}
"""

import csv
import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import onnxmltools
import xgboost
from onnx import TensorProto, helper, numpy_helper
from onnxmltools.convert.common import data_types as onnxmltools_types
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

EXPECTED_ROWS = 50
OPSETS = {"": 17, "ai.onnx.ml": 3}
rng = np.random.default_rng(7)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    models = [make() for make in (
        forest_with_zipmap, forest_without_zipmap, perceptron, boosting_named_columns, mixed_columns, regressor,
        xgboost_classifier, xgboost_binary, xgboost_regressor, lightgbm_classifier, lightgbm_binary,
        lightgbm_regressor, torch_logits, torch_fixed_batch, torch_single_logit, binary_integers,
    )]
    expected = []
    for name, model, columns, target, facts in models:
        onnx.checker.check_model(model)
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
        write_csv(folder / f"{name}.csv", columns, target)
        rows = [{key: plain(values[at]) for key, values in columns.items()} for at in range(EXPECTED_ROWS)]
        expected.append({"name": name, "target": "target", "rows": rows, **facts})
    (folder / "expected.json").write_text(json.dumps({"models": expected}, indent=1))


def write_csv(path: Path, columns: dict, target) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*columns, "target"])
        for at, answer in enumerate(target):
            writer.writerow([*(plain(values[at]) for values in columns.values()), plain(answer)])


def plain(value):
    return value.item() if isinstance(value, np.generic) else value


def classes_of(names, probabilities, **more):
    rows = np.asarray(probabilities, dtype=np.float64)[:EXPECTED_ROWS]
    return {"task": "classification", "classes": [str(name) for name in names], "probabilities": rows.tolist(), **more}


def values_of(values):
    rows = np.asarray(values, dtype=np.float64).reshape(-1)[:EXPECTED_ROWS]
    return {"task": "regression", "values": rows.tolist()}


# Data. Values are exact in float32, so that every tool compares the same numbers with its thresholds.


def single(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def shuffled(data, target):
    order = rng.permutation(len(target))
    return single(data[order]), target[order]


def iris():
    data, target = load_iris(return_X_y=True)
    data, target = shuffled(data, target)
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    return dict(zip(names, data.T)), data, target, np.array(["setosa", "versicolor", "virginica"])[target]


def two_kinds():
    columns, data, target, _ = iris()
    chosen = target > 0
    return {name: values[chosen] for name, values in columns.items()}, data[chosen], target[chosen] - 1


def diabetes():
    raw = load_diabetes()
    data, target = shuffled(raw.data, raw.target)
    return dict(zip(raw.feature_names, data.T)), data, target


def flats():
    """A category, a whole number and two amounts that decide a class."""
    count = 600
    columns = {
        "city": rng.choice(["Oslo", "Bergen", "Tromsø"], count),
        "rooms": rng.integers(1, 7, count),
        "living area": single(rng.normal(80, 25, count).round(1)),
        "age": single(rng.uniform(0, 90, count).round()),
    }
    score = columns["living area"] / 40 + columns["rooms"] / 3 - columns["age"] / 60 + (columns["city"] == "Oslo") * 1.5
    noisy = score + rng.normal(0, 0.4, count)
    return columns, np.array(["cheap", "fair", "dear"])[np.digitize(noisy, np.quantile(noisy, [0.33, 0.66]))]


# scikit-learn by skl2onnx


def matrix_of(width):
    return [("float_input", FloatTensorType([None, width]))]


def without_zipmap(model):
    return {id(model): {"zipmap": False}}


def forest(name, options_of):
    columns, data, _, target = iris()
    model = RandomForestClassifier(20, max_depth=6, random_state=0).fit(data, target)
    converted = convert_sklearn(model, initial_types=matrix_of(4), options=options_of(model), target_opset=OPSETS)
    return name, converted, columns, target, classes_of(model.classes_, model.predict_proba(data))


def forest_with_zipmap():
    return forest("sklearn-forest-zipmap", lambda _: None)


def forest_without_zipmap():
    return forest("sklearn-forest", without_zipmap)


def perceptron():
    columns, data, _, target = iris()
    model = make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=2000, random_state=0)).fit(data, target)
    converted = convert_sklearn(
        model, initial_types=matrix_of(4), options=without_zipmap(model), target_opset=OPSETS)
    return "sklearn-perceptron", converted, columns, target, classes_of(model.classes_, model.predict_proba(data))


def boosting_named_columns():
    """The matrix's columns are in another order than the file's; `feature_names` says which."""
    columns, data, _, target = iris()
    order = [2, 0, 3, 1]
    model = GradientBoostingClassifier(n_estimators=20, random_state=0).fit(data[:, order], target)
    converted = convert_sklearn(
        model, initial_types=matrix_of(4), options=without_zipmap(model), target_opset=OPSETS)
    helper.set_model_props(converted, {"feature_names": json.dumps([list(columns)[at] for at in order])})
    probabilities = model.predict_proba(data[:, order])
    return "sklearn-boosting-named", converted, columns, target, classes_of(model.classes_, probabilities)


def mixed_columns():
    """One input per column; skl2onnx takes no space in a name, so the area's is written with an underscore."""
    columns, target = flats()
    cells = np.column_stack([values.astype(object) for values in columns.values()])
    steps = ColumnTransformer([
        ("city", OneHotEncoder(handle_unknown="ignore", sparse_output=False), [0]),
        ("numbers", StandardScaler(), [1, 2, 3]),
    ])
    model = make_pipeline(steps, LogisticRegression(max_iter=1000)).fit(cells, target)
    types = [
        ("city", StringTensorType([None, 1])),
        ("rooms", Int64TensorType([None, 1])),
        ("living_area", FloatTensorType([None, 1])),
        ("age", FloatTensorType([None, 1])),
    ]
    converted = convert_sklearn(model, initial_types=types, target_opset=OPSETS)
    return "sklearn-columns", converted, columns, target, classes_of(model.classes_, model.predict_proba(cells))


def regressor():
    columns, data, target = diabetes()
    model = GradientBoostingRegressor(n_estimators=40, random_state=0).fit(data, target)
    converted = convert_sklearn(model, initial_types=matrix_of(10), target_opset=OPSETS)
    return "sklearn-regressor", converted, columns, target, values_of(model.predict(data))


def binary_integers():
    columns, data, target = two_kinds()
    model = LogisticRegression(max_iter=1000).fit(data, target)
    converted = convert_sklearn(model, initial_types=matrix_of(4), target_opset=OPSETS)
    return "sklearn-binary-integers", converted, columns, target, classes_of([0, 1], model.predict_proba(data))


# XGBoost and LightGBM by onnxmltools


def onnxmltools_matrix(width):
    return [("input", onnxmltools_types.FloatTensorType([None, width]))]


def xgboost_classifier():
    columns, data, target, _ = iris()
    model = xgboost.XGBClassifier(n_estimators=20, max_depth=4, n_jobs=1).fit(data, target)
    converted = onnxmltools.convert_xgboost(model, initial_types=onnxmltools_matrix(4), target_opset=15)
    return "xgboost-classifier", converted, columns, target, classes_of(range(3), model.predict_proba(data))


def xgboost_binary():
    columns, data, target = two_kinds()
    model = xgboost.XGBClassifier(n_estimators=20, max_depth=3, n_jobs=1).fit(data, target)
    converted = onnxmltools.convert_xgboost(model, initial_types=onnxmltools_matrix(4), target_opset=15)
    return "xgboost-binary", converted, columns, target, classes_of(range(2), model.predict_proba(data))


def xgboost_regressor():
    columns, data, target = diabetes()
    model = xgboost.XGBRegressor(n_estimators=40, max_depth=4, n_jobs=1).fit(data, target)
    converted = onnxmltools.convert_xgboost(model, initial_types=onnxmltools_matrix(10), target_opset=15)
    return "xgboost-regressor", converted, columns, target, values_of(model.predict(data))


def lightgbm_classifier():
    columns, data, _, target = iris()
    model = lightgbm.LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1).fit(data, target)
    converted = onnxmltools.convert_lightgbm(model, initial_types=onnxmltools_matrix(4), target_opset=15)
    return "lightgbm-classifier-zipmap", converted, columns, target, classes_of(
        model.classes_, model.predict_proba(data))


def lightgbm_binary():
    columns, data, target = two_kinds()
    model = lightgbm.LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1).fit(data, target)
    converted = onnxmltools.convert_lightgbm(
        model, initial_types=onnxmltools_matrix(4), target_opset=15, zipmap=False)
    return "lightgbm-binary", converted, columns, target, classes_of(range(2), model.predict_proba(data))


def lightgbm_regressor():
    columns, data, target = diabetes()
    model = lightgbm.LGBMRegressor(n_estimators=40, n_jobs=1, verbose=-1).fit(data, target)
    converted = onnxmltools.convert_lightgbm(model, initial_types=onnxmltools_matrix(10), target_opset=15)
    return "lightgbm-regressor", converted, columns, target, values_of(model.predict(data))


# Graphs in the shape that torch.onnx.export writes: Gemm with transposed weights, raw logits, the batch of the example


def torch_shaped(name, data, batch, outputs):
    """A perceptron with fixed weights; the answer is its logits."""
    inner, width = 8, data.shape[1]
    weights = np.random.default_rng(11)
    parameters = {
        "net.0.weight": weights.normal(0, 0.5, (inner, width)).astype(np.float32),
        "net.0.bias": weights.normal(0, 0.5, inner).astype(np.float32),
        "net.2.weight": weights.normal(0, 0.5, (outputs, inner)).astype(np.float32),
        "net.2.bias": weights.normal(0, 0.5, outputs).astype(np.float32),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["input", "net.0.weight", "net.0.bias"], ["hidden"], "/net/net.0/Gemm", transB=1),
            helper.make_node("Relu", ["hidden"], ["active"], "/net/net.1/Relu"),
            helper.make_node("Gemm", ["active", "net.2.weight", "net.2.bias"], ["output"], "/net/net.2/Gemm", transB=1),
        ],
        "main_graph",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, width])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [batch, outputs])],
        [numpy_helper.from_array(values, key) for key, values in parameters.items()],
    )
    model = helper.make_model(
        graph, producer_name="pytorch", ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    first, first_bias, second, second_bias = (values.astype(np.float64) for values in parameters.values())
    return name, model, np.maximum(data @ first.T + first_bias, 0) @ second.T + second_bias


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def torch_with_softmax(name, batch):
    columns, data, _, target = iris()
    name, model, logits = torch_shaped(name, data, batch, 3)
    classes = ["setosa", "versicolor", "virginica"]
    return name, model, columns, target, classes_of(classes, softmax(logits), activation="softmax")


def torch_logits():
    return torch_with_softmax("torch-logits", "batch_size")


def torch_fixed_batch():
    return torch_with_softmax("torch-fixed-batch", 1)


def torch_single_logit():
    columns, data, target = two_kinds()
    name, model, logits = torch_shaped("torch-single-logit", data, 4, 1)
    likely = 1 / (1 + np.exp(-logits))
    return name, model, columns, target, classes_of(
        range(2), np.concatenate([1 - likely, likely], axis=1), activation="sigmoid")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
