-- Grain: one tag of a model version.
SELECT name AS model, :workspace AS workspace, CAST(version AS TEXT) AS version, key, coalesce(value, '') AS value
FROM model_version_tags
