"""The equity of every strategy, from its executions alone.

Takes in a directory of results; follows each strategy's fills in whole numbers and compares position, cash and equity with
the tables and with run.json, to the last 1e-9. Linear contracts in the account's currency.

    python equity_from_fills.py results
"""

import json
import sys
from decimal import Decimal

import pyarrow.parquet as pq

results = sys.argv[1]
run = json.load(open(f"{results}/run.json"))
ONE = 10**9
multipliers = {x["symbol"]: x["multiplier"] for x in run["tape"]["instruments"]}


def units(money):
    """An amount in units of 1e-9."""
    return int(Decimal(money).scaleb(9))


def rows(table, *columns):
    """The rows of a table as tuples."""
    table = pq.read_table(f"{results}/{table}.parquet", columns=list(columns))
    return zip(*(table.column(name).to_pylist() for name in columns))


# A position is the sum of the fills, cash what they cost: both must be what the table says after each of them.
position, cash, states = {}, {}, {}
columns = ("instance", "instrument", "side", "price", "quantity", "fee", "position", "cash")
for name, symbol, side, price, quantity, fee, told_position, told_cash in rows("fills", *columns):
    account = (name, symbol)
    signed = quantity if side == "buy" else -quantity
    position[account] = position.get(account, 0) + signed
    cash[account] = cash.get(account, 0) - price * signed * multipliers[symbol] // ONE - units(fee)
    assert position[account] == told_position, account
    assert cash[account] == units(told_cash), account
    states.setdefault(account, set()).add((position[account], cash[account]))

# Every valuation is of one of these states, at a price: cash plus what the position is worth.
last, compared = {}, 0
for name, symbol, held, price, paid, equity in rows(
    "equity", "instance", "instrument", "position", "price", "cash", "equity"
):
    account = (name, symbol)
    assert (held, units(paid)) in states[account], account
    value = 0 if price is None else price * held * multipliers[symbol] // ONE
    assert units(paid) + value == units(equity), account
    last[account] = units(equity)
    compared += 1

# What the strategies ended with is the cash at the start and the last equity in each instrument.
for instance, summary in zip(run["instances"], run["summary"]["instances"]):
    mine = sum(equity for (name, _), equity in last.items() if name == instance["name"])
    assert units(run["starting_cash"]) + mine == units(summary["equity"]), instance["name"]
    print(instance["name"], Decimal(units(run["starting_cash"]) + mine).scaleb(-9))
print(f"{compared} valuations agree to the last 1e-9")
