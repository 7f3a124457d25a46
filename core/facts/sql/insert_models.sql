-- Grain: one registered model. Staged: s_models, s_model_tags. Parameters: $source.
INSERT INTO models
SELECT $source, s.name, nullif(s.description, ''), s.created_ms, s.updated_ms, coalesce(t.m, MAP {})
FROM s_models AS s
LEFT JOIN (
    SELECT model, map(list(key), list(value)) AS m
    FROM (SELECT model, key, max(value) AS value FROM s_model_tags WHERE key IS NOT NULL GROUP BY ALL)
    GROUP BY model
) AS t ON t.model = s.name
