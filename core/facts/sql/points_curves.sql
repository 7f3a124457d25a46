-- One metric of some runs as curves of at most about $buckets x 2 points: where there are more, each bucket of points
-- keeps its lowest, its highest and one that is not finite. Grain: one point of a run.
-- Parameters: $run_nos, $key, $buckets.
WITH numbered AS (
    SELECT run_no, step, time_ms, value,
           row_number() OVER (PARTITION BY run_no ORDER BY step, time_ms) - 1 AS place,
           count(*) OVER (PARTITION BY run_no) AS n
    FROM points WHERE key = $key AND run_no IN (SELECT unnest($run_nos::BIGINT[]))
),
bucketed AS (SELECT *, CASE WHEN n <= 2 * $buckets THEN place ELSE place * $buckets // n END AS bucket FROM numbered)
SELECT run_no, step, time_ms, value, n
FROM bucketed
QUALIFY n <= 2 * $buckets
     OR place = min(place) FILTER (NOT isfinite(value)) OVER (PARTITION BY run_no, bucket)
     OR place = arg_min(place, value) FILTER (isfinite(value)) OVER (PARTITION BY run_no, bucket)
     OR place = arg_max(place, value) FILTER (isfinite(value)) OVER (PARTITION BY run_no, bucket)
ORDER BY run_no, place
