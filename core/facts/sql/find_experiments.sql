-- Experiments whose name holds every word, or with the very id, best first. Grain: one experiment.
-- Parameters: as in find_models.
WITH found AS (SELECT source, experiment_id, name, updated_ms, lower(name) AS n FROM experiments WHERE lifecycle_stage = 'active')
SELECT source, experiment_id, name,
       (SELECT count(*) FROM runs AS r WHERE r.source = f.source AND r.experiment_id = f.experiment_id
          AND r.lifecycle_stage = 'active') AS runs,
       CASE WHEN n = lower($text) OR experiment_id = $text THEN 0 WHEN starts_with(n, lower($text)) THEN 1
            WHEN regexp_matches(n, '(^|[^\pL\pN])' || regexp_escape(lower($text))) THEN 2 ELSE 3 END AS rank
FROM found AS f
WHERE (contains(n, lower($w1)) AND contains(n, lower($w2)) AND contains(n, lower($w3)) AND contains(n, lower($w4))) OR experiment_id = $text
ORDER BY rank, length(name), name LIMIT $limit
