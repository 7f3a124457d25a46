-- All experiments with how many runs they hold. Grain: one experiment.
SELECT e.source, e.experiment_id, e.name, e.lifecycle_stage, e.created_ms, e.updated_ms, e.tags,
       count(r.run_id) FILTER (r.lifecycle_stage = 'active') AS runs, 
       max(r.started_ms) FILTER (r.lifecycle_stage = 'active') AS last_ms
FROM experiments AS e LEFT JOIN runs AS r USING (source, experiment_id)
GROUP BY ALL ORDER BY last_ms DESC NULLS LAST, e.name
