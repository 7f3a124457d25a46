-- Metrics with a history. Grain: one metric. points: of its longest history here.
-- Parameters: $run_nos.
SELECT key, count(*) AS runs, max(points) AS points
FROM (
    SELECT run_no, key, count(*) AS points FROM points WHERE run_no IN (SELECT unnest($run_nos::BIGINT[])) GROUP BY run_no, key
)
GROUP BY key
ORDER BY (max(points) > 1) DESC, runs DESC, key
