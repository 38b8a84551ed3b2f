"""The Python package lifetimes on the same customers: time in milliseconds.

    lifetimes.py fit|score CSV
"""
import sys
import time

import pandas
from lifetimes import BetaGeoFitter

task, path = sys.argv[1:]
customers = pandas.read_csv(path)
columns = customers["x"], customers["t_x"], customers["t"]
start = time.perf_counter()
model = BetaGeoFitter().fit(*columns)
if task == "score":
    start = time.perf_counter()
    model.conditional_expected_number_of_purchases_up_to_time(273, *columns).sum()
print("%.3f" % (1000 * (time.perf_counter() - start)))
