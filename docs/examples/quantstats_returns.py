"""QuantStats, fed from the table of daily returns.

Takes in a directory of results, a strategy's name (all together where it is empty), and how many days make a year: 252, or
365 for markets that never close, as the report says under `periods_per_year`. Prints Sharpe, Sortino and drawdown as QuantStats
computes them. With a fourth argument it writes QuantStats' own page there.

    python quantstats_returns.py results market_maker 252 tearsheet.html
"""

import json
import sys

import pandas as pd
import quantstats as qs


def daily_returns(results, name=None):
    """The simple daily returns of a strategy, or of all together, by day."""
    table = pd.read_parquet(f"{results}/returns.parquet")
    whose = table["instance"].astype("string")
    rows = table[whose.isna() if name is None else whose.eq(name).fillna(False)]
    days = rows["day"].dt.tz_localize(None)
    return pd.Series(rows["return"].to_numpy(), index=days, name=name or "all together")


if __name__ == "__main__":
    results, name, periods, page = sys.argv[1:] + ["", "252", None][len(sys.argv) - 2 :]
    returns = daily_returns(results, name or None)
    figures = {
        "days": len(returns),
        "sharpe": float(qs.stats.sharpe(returns, periods=int(periods))),
        "sortino": float(qs.stats.sortino(returns, periods=int(periods))),
        "max_drawdown": float(qs.stats.max_drawdown(returns)),
    }
    print(json.dumps(figures))
    if page:
        qs.reports.html(returns, output=page, title=returns.name)
