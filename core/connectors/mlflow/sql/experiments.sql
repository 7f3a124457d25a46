-- Grain: one experiment.
SELECT CAST(experiment_id AS TEXT) AS experiment_id, name, coalesce(artifact_location, '') AS artifact_location,
       coalesce(lifecycle_stage, 'active') AS lifecycle_stage, creation_time AS created_ms,
       last_update_time AS updated_ms, :workspace AS workspace
FROM experiments
