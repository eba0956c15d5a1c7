"""NannyML's defaults without and with drift: how often one production chunk is an alert, per column."""

import json
import logging
import os
import sys
import warnings

# A benchmark sends nothing: without this the import reports its use over the network.
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"

import nannyml
import numpy
import pandas

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

# Rows of a reference chunk (there are ten, the default) and of the production chunk.
SIZES = [(1000, 1000), (1000, 500), (500, 500), (500, 250)]
REFERENCE_CHUNKS = 10
SHIFTS = {"shift 0.25": 0.25, "shift 0.5": 0.5}
COPIES = 5


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


def main(repetitions, seed):
    kinds = ["normal", "lognormal", "k=5", "k=20", "k=100", *SHIFTS]
    names = [f"{kind}|{copy}" for kind in kinds for copy in range(COPIES)]
    random = numpy.random.default_rng(seed)
    cells = []
    for chunk_rows, current_rows in SIZES:
        drifted = dict.fromkeys(kinds, 0)
        runs = max(1, repetitions // COPIES)
        for _ in range(runs):
            calculator = nannyml.UnivariateDriftCalculator(column_names=names, chunk_size=chunk_rows)
            calculator.fit(frame(random, kinds, REFERENCE_CHUNKS * chunk_rows, False))
            result = calculator.calculate(frame(random, kinds, current_rows, True))
            table = result.filter(period="analysis").to_df()
            for name in names:
                drifted[name.split("|")[0]] += bool(table[(name, "jensen_shannon", "alert")].iloc[-1])
        cells.append(
            {
                "reference": REFERENCE_CHUNKS * chunk_rows,
                "current": current_rows,
                "repetitions": runs * COPIES,
                "drifted": {kind: drifted[kind] / (runs * COPIES) for kind in kinds},
                "methods": {},
            }
        )
    print(json.dumps({"version": nannyml.__version__, "seed": seed, "cells": cells}))


main(int(sys.argv[1]), int(sys.argv[2]))
