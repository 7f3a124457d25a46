-- Versions whose registration failed or never ended. Grain: one version, oldest first; in_all: without the limit.
-- Parameters: $before_ms: pending ones count from here on; $limit.
SELECT source, model, version, status, count(*) OVER () AS in_all
FROM versions
WHERE status LIKE 'FAILED%' OR (status LIKE 'PENDING%' AND created_ms < $before_ms)
ORDER BY created_ms LIMIT $limit
