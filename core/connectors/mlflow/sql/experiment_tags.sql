-- Grain: one tag of an experiment.
SELECT CAST(experiment_id AS TEXT) AS experiment_id, key, coalesce(value, '') AS value FROM experiment_tags
