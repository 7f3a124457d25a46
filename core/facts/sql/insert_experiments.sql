-- Grain: one experiment. Staged: s_experiments, s_experiment_tags. Parameters: $source.
INSERT INTO experiments
SELECT $source, e.experiment_id, coalesce(e.name, e.experiment_id), e.artifact_location, e.lifecycle_stage,
       e.created_ms, e.updated_ms, coalesce(t.m, MAP {})
FROM s_experiments AS e
LEFT JOIN (
    SELECT experiment_id, map(list(key), list(value)) AS m
    FROM (SELECT experiment_id, key, max(value) AS value FROM s_experiment_tags WHERE key IS NOT NULL GROUP BY ALL)
    GROUP BY experiment_id
) AS t USING (experiment_id)
