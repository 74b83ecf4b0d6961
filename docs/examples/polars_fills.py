"""Polars and pandas over the tables of executions and valuations.

Takes in a directory of results; prints markouts by reason (Polars) and the equity of each strategy at the end (pandas).

    python polars_fills.py results
"""

import json
import sys
from decimal import Decimal

import pandas as pd
import polars as pl

results = sys.argv[1]

# What a fill was worth one second later, in basis points of its price: above zero the market went its way.
fills = pl.read_parquet(f"{results}/fills.parquet")
sign = pl.when(pl.col("side") == "buy").then(1).otherwise(-1)
markout = sign * (pl.col("mid_1s") - pl.col("price")) / pl.col("price") * 1e4
markouts = (
    fills.filter(pl.col("mid_1s").is_not_null())
    .group_by(pl.col("reason").cast(pl.String))
    .agg(count=pl.len(), mean=markout.mean())
    .sort("reason")
)

# Prices are whole numbers of 1e-9, money is an exact decimal: nothing is rounded on the way in.
equity = pd.read_parquet(f"{results}/equity.parquet")
last = equity.groupby(["instance", "instrument"], observed=True)["equity"].last()
cash = Decimal(json.load(open(f"{results}/run.json"))["starting_cash"])
by_strategy = {name: cash + sum(rows) for name, rows in last.groupby(level="instance", observed=True)}

print(
    json.dumps(
        {
            "markouts": {row["reason"]: [row["count"], row["mean"]] for row in markouts.to_dicts()},
            "equity": {name: str(value) for name, value in by_strategy.items()},
        }
    )
)
