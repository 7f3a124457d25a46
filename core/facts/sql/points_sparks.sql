-- A metric's history as a small line per run: at most $size evenly spaced finite points. Grain: one run.
-- Parameters: $run_nos, $key, $size.
SELECT run_no, list(value ORDER BY step, time_ms) AS spark
FROM (
    SELECT run_no, step, time_ms, value,
           row_number() OVER (PARTITION BY run_no ORDER BY step, time_ms) AS place, count(*) OVER (PARTITION BY run_no) AS n
    FROM points
    WHERE key = $key AND isfinite(value) AND run_no IN (SELECT unnest($run_nos::BIGINT[]))
    QUALIFY place = n OR place * $size // n <> (place - 1) * $size // n
)
GROUP BY run_no
