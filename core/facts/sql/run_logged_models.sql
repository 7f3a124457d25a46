-- Logged models (MLflow 3) of a run. Grain: one logged model. Parameters: $source, $run_id.
SELECT model_id, name, status, model_type, artifact_uri, created_ms FROM logged_models
WHERE source = $source AND run_id = $run_id ORDER BY created_ms, model_id
