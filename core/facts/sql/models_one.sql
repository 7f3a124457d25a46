-- One registered model. Grain: at most one row. Parameters: $source, $model.
SELECT source, name, description, created_ms, updated_ms, tags FROM models WHERE source = $source AND name = $model
