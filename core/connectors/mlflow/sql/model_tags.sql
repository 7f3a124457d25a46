-- Grain: one tag of a registered model.
SELECT name AS model, :workspace AS workspace, key, coalesce(value, '') AS value FROM registered_model_tags
