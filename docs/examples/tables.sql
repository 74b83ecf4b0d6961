-- DuckDB over the tables of a directory of results. One statement, one row a strategy:
-- how many of its orders were filled, cancelled without a fill, how long they waited, and what their fees were.
--
--   duckdb -c "SET VARIABLE results = 'results'" -f tables.sql

SELECT
    instance,
    count(*) AS orders,
    count(*) FILTER (filled > 0) / count(*) AS fill_ratio,
    count(*) FILTER (filled = 0 AND "end" = 'canceled') / count(*) AS cancel_before_fill,
    median(epoch_ns(first_fill) - epoch_ns(submitted)) / 1e9 AS median_seconds_to_fill,
    sum(fees) AS fees
FROM read_parquet(getvariable('results') || '/lifecycles.parquet')
GROUP BY instance
ORDER BY instance;
