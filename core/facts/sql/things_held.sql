-- How much each experiment and registered model holds: active runs, or versions. Grain: (kind, source, id).
SELECT 'experiment' AS kind, source, experiment_id AS id, count(*) AS held FROM runs WHERE lifecycle_stage = 'active'
GROUP BY source, experiment_id
UNION ALL
SELECT 'model', source, model, count(*) FROM versions GROUP BY source, model
