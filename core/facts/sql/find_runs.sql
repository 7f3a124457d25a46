-- Runs whose name holds every word, or whose id begins so, best and newest first. Grain: one run.
-- Only runs that are found at all are ranked. Parameters: as in find_models.
WITH found AS (
    SELECT source, run_id, name, experiment_id, status, started_ms, coalesce(lower(name), '') AS n
    FROM runs
    WHERE lifecycle_stage = 'active'
      AND (starts_with(run_id, lower($text))
        OR (contains(lower(name), lower($w1)) AND contains(lower(name), lower($w2)) AND contains(lower(name), lower($w3)) AND contains(lower(name), lower($w4))))
),
ranked AS (
    SELECT *, CASE WHEN run_id = $text OR n = lower($text) THEN 0 WHEN starts_with(run_id, lower($text)) AND length(lower($text)) > 3 THEN 1
                   WHEN starts_with(n, lower($text)) THEN 2 WHEN regexp_matches(n, '(^|[^\pL\pN])' || regexp_escape(lower($text))) THEN 3 ELSE 4 END AS rank
    FROM found ORDER BY rank, started_ms DESC, run_id LIMIT $limit
)
SELECT r.source, r.run_id, r.name, r.status, r.started_ms, r.rank, e.name AS experiment
FROM ranked AS r LEFT JOIN experiments AS e ON e.source = r.source AND e.experiment_id = r.experiment_id
ORDER BY r.rank, r.started_ms DESC, r.run_id
