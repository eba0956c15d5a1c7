"""Evidently's defaults without and with drift: the share of columns its drift preset calls drifted."""

import json
import os
import sys

# A benchmark sends nothing: without this the import reports its use over the network.
os.environ["DO_NOT_TRACK"] = "1"

import evidently
import numpy
import pandas
from evidently import Report
from evidently.presets import DataDriftPreset

SIZES = [(1000, 1000), (1000, 200), (5000, 100), (5000, 1000)]
SHIFTS = {"shift 0.25": 0.25, "shift 0.5": 0.5}
# Independent copies of every kind in one report: a report costs far more than a column.
COPIES = 10


def draw(random, kind, rows):
    if kind == "normal" or kind in SHIFTS:
        return random.normal(size=rows)
    if kind == "lognormal":
        return numpy.exp(random.normal(size=rows))
    return numpy.char.add("c", random.integers(0, int(kind[2:]), rows).astype(str))


def frame(random, kinds, rows, drifted):
    columns = {}
    for kind in kinds:
        for copy in range(COPIES):
            values = draw(random, kind, rows)
            columns[f"{kind}|{copy}"] = values + SHIFTS[kind] if drifted and kind in SHIFTS else values
    return pandas.DataFrame(columns)


def is_drifted(metric):
    config = metric["config"]
    if "p_value" in config["method"]:
        return metric["value"] < config["threshold"]
    return metric["value"] >= config["threshold"]


def main(repetitions, seed):
    kinds = ["normal", "lognormal", "k=5", "k=20", "k=100", *SHIFTS]
    random = numpy.random.default_rng(seed)
    cells = []
    for reference_rows, current_rows in SIZES:
        drifted = dict.fromkeys(kinds, 0)
        methods = {}
        reports = max(1, repetitions // COPIES)
        for _ in range(reports):
            reference = frame(random, kinds, reference_rows, False)
            current = frame(random, kinds, current_rows, True)
            for metric in Report([DataDriftPreset()]).run(current, reference).dict()["metrics"]:
                config = metric["config"]
                if "column" not in config:
                    continue
                kind = config["column"].split("|")[0]
                methods[kind] = config["method"]
                drifted[kind] += bool(is_drifted(metric))
        cells.append(
            {
                "reference": reference_rows,
                "current": current_rows,
                "repetitions": reports * COPIES,
                "drifted": {kind: drifted[kind] / (reports * COPIES) for kind in kinds},
                "methods": methods,
            }
        )
    print(json.dumps({"version": evidently.__version__, "seed": seed, "cells": cells}))


main(int(sys.argv[1]), int(sys.argv[2]))
