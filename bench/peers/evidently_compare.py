"""Compares two CSV files as Evidently's users do: read both whole, run the drift preset with its defaults."""

import json
import os
import sys
import time

# A benchmark sends nothing: without this the import reports its use over the network.
os.environ["DO_NOT_TRACK"] = "1"

import evidently
import pandas
from evidently import Report
from evidently.presets import DataDriftPreset

started = time.perf_counter()
reference = pandas.read_csv(sys.argv[1])
current = pandas.read_csv(sys.argv[2])
read = time.perf_counter()
snapshot = Report([DataDriftPreset()]).run(current, reference)
report = snapshot.dict()
done = time.perf_counter()
print(
    json.dumps(
        {
            "version": evidently.__version__,
            "read_s": read - started,
            "run_s": done - read,
            "drifted_columns": report["metrics"][0]["value"]["count"],
        }
    )
)
