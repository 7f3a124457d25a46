-- Extremes of each metric of a run. Grain: one metric. NaN and infinities count as points and as nothing else.
-- Parameters: $run_no.
SELECT key, count(*) AS points, min(value) FILTER (isfinite(value)) AS lowest,
       max(value) FILTER (isfinite(value)) AS highest, count(*) FILTER (NOT isfinite(value)) AS not_finite
FROM points WHERE run_no = $run_no GROUP BY key
