-- Grain: one model version; its stage is worked out afterwards. Staged: s_versions, s_version_tags, s_aliases.
-- Parameters: $source.
INSERT INTO versions
SELECT $source, s.model, s.version, nullif(s.run_id, ''), s.status, s.registry_stage, 'development',
       coalesce(a.l, []), nullif(s.description, ''), nullif(s.user_name, ''), nullif(s.artifact_uri, ''),
       nullif(s.model_id, ''), s.created_ms, s.updated_ms, coalesce(t.m, MAP {})
FROM s_versions AS s
LEFT JOIN (
    SELECT model, version, list(DISTINCT alias ORDER BY alias) AS l FROM s_aliases GROUP BY model, version
) AS a USING (model, version)
LEFT JOIN (
    SELECT model, version, map(list(key), list(value)) AS m
    FROM (SELECT model, version, key, max(value) AS value FROM s_version_tags WHERE key IS NOT NULL GROUP BY ALL)
    GROUP BY model, version
) AS t USING (model, version)
