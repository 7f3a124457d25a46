-- The newest changes of the fleet: what was observed after the first sync, and what the registries themselves date
-- (registrations). Many runs changed at one sync are one row. Grain: one change, or one group of changes of runs.
-- name: what people call the subject, where it is known.  many: how many subjects the row stands for.
-- Parameters: $since_ms, $limit.
WITH
seen AS (
    SELECT source, kind, subject, before, after, seen_ms, since_ms, 1 AS many
    FROM observations
    WHERE NOT baseline AND kind <> 'run' AND seen_ms >= $since_ms
      AND NOT (kind IN ('version', 'model', 'experiment') AND before IS NULL)
    UNION ALL BY NAME
    SELECT source, kind, min(subject) AS subject, before, after, seen_ms, min(since_ms) AS since_ms, count(*) AS many
    FROM observations
    WHERE NOT baseline AND kind = 'run' AND seen_ms >= $since_ms
    GROUP BY source, kind, before, after, seen_ms
),
registered AS (
    SELECT source, 'version' AS kind, model || '/' || version AS subject, created_ms AS seen_ms FROM versions
    WHERE created_ms >= $since_ms
    UNION ALL
    SELECT source, 'model', name, created_ms FROM models AS m WHERE created_ms >= $since_ms
        AND NOT EXISTS (FROM versions AS v WHERE v.source = m.source AND v.model = m.name)
    UNION ALL
    SELECT source, 'experiment', experiment_id, created_ms FROM experiments
    WHERE created_ms >= $since_ms AND lifecycle_stage = 'active'
),
newest AS (
    SELECT * FROM seen
    UNION ALL BY NAME
    SELECT source, kind, subject, NULL AS before, 'registered' AS after, seen_ms, NULL AS since_ms, 1 AS many FROM registered
    ORDER BY seen_ms DESC, kind, subject LIMIT $limit
)
SELECT n.*, coalesce(e.name, r.name) AS name
FROM newest AS n
LEFT JOIN experiments AS e ON n.kind = 'experiment' AND e.source = n.source AND e.experiment_id = n.subject
LEFT JOIN runs AS r ON n.kind = 'run' AND r.source = n.source AND r.run_id = n.subject
ORDER BY n.seen_ms DESC, n.kind, n.subject
