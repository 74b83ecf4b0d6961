"""Trains the example model: the first part of a day to learn, the second part to be judged on.

Takes in a table of ``backplane features`` and a folder to make; gives out, in the folder, the model for Python
(``model.joblib``) and as ONNX (``model.onnx``), the features that it reads (``features.txt``), and what it is worth
(``training.json``). Rows whose outcome lies in the second part teach nothing.
"""

import argparse
import copy
import json
import os
import shutil
import warnings

import joblib
import numpy as np
import pyarrow.parquet as parquet
from skl2onnx import to_onnx
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 7


def read(path):
    """The table: times of hearing, matrix of features, names, mids, sampling."""
    table = parquet.read_table(path)
    names = [x for x in table.column_names if x not in ("instrument", "ts", "ts_recv", "mid")]
    heard = table["ts_recv"].cast("int64").to_numpy()
    rows = np.column_stack([table[x].to_numpy() for x in names])
    return heard, rows, names, table["mid"].to_numpy(), table.schema.metadata[b"sampling"].decode()


def outcomes(heard, mids, horizon):
    """The log return of the mid over the horizon, in 1e-4, and when it is known; NaN where the day ends before."""
    later = np.searchsorted(heard, heard + horizon, side="right") - 1
    is_known = heard + horizon <= heard[-1]
    returns = np.where(is_known, np.log(mids[later] / mids) * 1e4, np.nan)
    return returns, heard + horizon


def make_network():
    """A small network over scaled features. Early stopping would judge on rows drawn from among those it learns from."""
    network = MLPRegressor(hidden_layer_sizes=(16, 8), alpha=1.0, max_iter=60, learning_rate_init=1e-3, random_state=SEED)
    return make_pipeline(StandardScaler(), network)


def worth(predicted, found):
    """How good predictions are: share of the variance explained against predicting nothing, correlation, hits."""
    moved = found != 0
    explained = 1 - np.sum((found - predicted) ** 2) / np.sum(found**2)
    return {
        "rows": len(found),
        "r2": float(explained),
        "correlation": float(np.corrcoef(predicted, found)[0, 1]),
        "hit_rate": float(np.mean(np.sign(predicted[moved]) == np.sign(found[moved]))),
        "predicted_bp_p99": float(np.quantile(np.abs(predicted), 0.99)),
    }


def export(model, width, path):
    """The network as ONNX, with the scaling in its first layer."""
    scaler, network = model[0], copy.deepcopy(model[1])
    first = network.coefs_[0] / scaler.scale_[:, None]
    network.intercepts_[0] = network.intercepts_[0] - scaler.mean_ @ first
    network.coefs_[0] = first
    exported = to_onnx(network, np.zeros((1, width), dtype=np.float32), target_opset=17)
    with open(path, "wb") as file:
        file.write(exported.SerializeToString())


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("table")
    arguments.add_argument("folder")
    arguments.add_argument("--horizon", type=float, default=10.0, help="seconds to look ahead")
    arguments.add_argument("--share", type=float, default=0.5, help="the share of the rows that is learned from")
    asked = arguments.parse_args()
    heard, rows, names, mids, sampling = read(asked.table)
    returns, known = outcomes(heard, mids, int(asked.horizon * 1e9))
    # Trading begins at a whole second after the last outcome that was learned from.
    begin = int(-(-heard[int(len(heard) * asked.share)] // 1_000_000_000))
    has_outcome = np.isfinite(returns)
    learned = has_outcome & (known < begin * 1_000_000_000)
    judged = has_outcome & (heard >= begin * 1_000_000_000)
    if min(learned.sum(), judged.sum()) < 500:
        raise SystemExit(f"error: {learned.sum()} rows to learn from and {judged.sum()} to judge are too few")
    model = make_network()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(rows[learned], returns[learned])
    line = make_pipeline(StandardScaler(), Ridge(100.0)).fit(rows[learned], returns[learned])
    os.makedirs(asked.folder, exist_ok=True)
    joblib.dump(model, os.path.join(asked.folder, "model.joblib"))
    export(model, len(names), os.path.join(asked.folder, "model.onnx"))
    shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "predict.py"), asked.folder)
    with open(os.path.join(asked.folder, "features.txt"), "w", encoding="utf-8") as file:
        file.write("\n".join([sampling, *names]) + "\n")
    report = {
        "begin": begin,
        "horizon_seconds": asked.horizon,
        "features": names,
        "learned_from": worth(model.predict(rows[learned]), returns[learned]),
        "judged_on": worth(model.predict(rows[judged]), returns[judged]),
        "a_line_judged_on": worth(line.predict(rows[judged]), returns[judged]),
        "half_spread_bp": float(np.median(rows[judged][:, names.index("spread_bp")]) / 2),
    }
    with open(os.path.join(asked.folder, "training.json"), "w", encoding="utf-8") as file:
        json.dump(report, file, indent=2)


if __name__ == "__main__":
    main()
