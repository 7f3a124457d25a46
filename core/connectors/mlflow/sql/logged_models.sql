-- Grain: one logged model (MLflow 3) that was not deleted.
SELECT model_id, CAST(experiment_id AS TEXT) AS experiment_id, name, coalesce(source_run_id, '') AS run_id, status,
       coalesce(model_type, '') AS model_type, artifact_location AS artifact_uri,
       creation_timestamp_ms AS created_ms, last_updated_timestamp_ms AS updated_ms
FROM logged_models WHERE coalesce(lifecycle_stage, 'active') <> 'deleted'
