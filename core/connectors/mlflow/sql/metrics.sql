-- The last point of each metric of some runs. Grain: one metric. Bound: a JSON array of run ids, as :ids.
SELECT wanted.n, latest_metrics.key, latest_metrics.value, is_nan, step, timestamp AS time_ms FROM (:ids) AS wanted CROSS JOIN latest_metrics WHERE run_uuid = wanted.id
