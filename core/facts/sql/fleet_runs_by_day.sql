-- Runs started in the last days, as each source keeps them. Grain: one UTC day that has runs.
-- Parameters: $from_ms: the first day's midnight.
SELECT started_ms // 86400000 AS day, count(*) AS runs, count(*) FILTER (status IN ('FAILED', 'KILLED')) AS failed
FROM runs WHERE lifecycle_stage = 'active' AND started_ms >= $from_ms
GROUP BY day ORDER BY day
