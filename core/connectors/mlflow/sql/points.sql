-- Whole histories of some runs. Grain: one logged point. Bound: a JSON array of run ids, as :ids.
SELECT wanted.n, metrics.key, metrics.value, is_nan, step, timestamp AS time_ms FROM (:ids) AS wanted CROSS JOIN metrics WHERE run_uuid = wanted.id
