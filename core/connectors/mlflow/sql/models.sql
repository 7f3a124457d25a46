-- Registered models; MLflow keeps prompts in the same table, they are no models. Grain: one model.
SELECT name, :workspace AS workspace, coalesce(description, '') AS description, creation_time AS created_ms,
       last_updated_time AS updated_ms
FROM registered_models AS m
WHERE NOT EXISTS (
    SELECT 1 FROM registered_model_tags AS t
    WHERE t.name = m.name AND t.key = 'mlflow.prompt.is_prompt' AND t.value = 'true')
