"""Says what the trained model was worth, as it is.

Takes in the folder of the model, the results of the run over the second part, and the table of features; prints what was
predicted, whether Python and ONNX agree, and what trading on it earned.
"""

import json
import os
import sys

import joblib
import numpy as np
import pyarrow.compute as compute
import pyarrow.parquet as parquet
from train import read

TOLERANCE = 1e-4
"""How far predictions may differ: by this share of their size, or by this many basis points."""


def predictions(results, label):
    """The times and values of a strategy's predictions."""
    table = parquet.read_table(os.path.join(results, "metrics.parquet"))
    table = table.filter(compute.equal(table["instance"].cast("string"), label))
    return table["at"].cast("int64").to_numpy(), table["value"].to_numpy()


def main():
    folder, results, features = sys.argv[1:]
    with open(os.path.join(folder, "training.json"), encoding="utf-8") as file:
        training = json.load(file)
    with open(os.path.join(results, "run.json"), encoding="utf-8") as file:
        run = json.load(file)
    heard, rows, _, _, _ = read(features)
    judged = heard >= training["begin"] * 1_000_000_000
    expected = joblib.load(os.path.join(folder, "model.joblib")).predict(rows[judged])
    (at, python), (_, onnx) = predictions(results, "python"), predictions(results, "onnx")
    if not np.array_equal(at, heard[judged]):
        raise SystemExit(f"error: {len(at)} rows were heard live, but {judged.sum()} were written to train on")
    if not np.allclose(python, expected, rtol=0, atol=1e-9):
        raise SystemExit("error: the bridge predicts something else than the model")
    apart = np.abs(onnx - python)
    if not np.allclose(onnx, python, rtol=TOLERANCE, atol=TOLERANCE):
        raise SystemExit(f"error: ONNX and Python differ by up to {apart.max():.2e} basis points")
    print(f"horizon {training['horizon_seconds']:g} s, {len(training['features'])} features")
    print(f"{'':24} {'rows':>8} {'R2':>9} {'correlation':>12} {'hit rate':>9}")
    for name, key in [("learned from", "learned_from"), ("judged on", "judged_on"), ("a line, judged on", "a_line_judged_on")]:
        x = training[key]
        print(f"{name:24} {x['rows']:>8} {x['r2']:>9.4f} {x['correlation']:>12.4f} {x['hit_rate']:>8.1%}")
    print(f"half the spread costs {training['half_spread_bp']:.3f} bp; 99 % of predictions are within "
          f"{training['judged_on']['predicted_bp_p99']:.3f} bp")
    print(f"Python and ONNX: {len(at)} predictions, at most {apart.max():.1e} bp apart")
    currency = run["config"]["currency"] or run["tape"]["instruments"][0]["currency"]
    for description, outcome in zip(run["instances"], run["summary"]["instances"]):
        earned = float(outcome["equity"]) - float(run["starting_cash"])
        stopped = outcome["stopped"]
        print(f"{description['name']:8} {outcome['orders']:>6} orders {outcome['fills']:>6} fills, earned "
              f"{earned:,.2f} {currency}, fees {float(outcome['fees']):,.2f}" + (f": {stopped['fault']}" if stopped else ""))
    best = training["judged_on"]
    if best["r2"] <= 0:
        print("On the second part the model is no better than predicting nothing.")
    if best["predicted_bp_p99"] < training["half_spread_bp"]:
        print("Hardly any prediction is worth half the spread: there is nothing here to earn by taking liquidity.")


if __name__ == "__main__":
    main()
