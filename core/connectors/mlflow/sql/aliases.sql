-- Grain: one alias.
SELECT name AS model, :workspace AS workspace, alias, CAST(version AS TEXT) AS version FROM registered_model_aliases
