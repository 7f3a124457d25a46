-- Grain: one logged model. Staged: s_logged_models, s_logged_params, s_logged_tags, s_logged_metrics.
-- Parameters: $source.
INSERT INTO logged_models
SELECT $source, s.model_id, s.experiment_id, s.name, nullif(s.run_id, ''), s.status, nullif(s.model_type, ''),
       s.artifact_uri, s.created_ms, s.updated_ms, coalesce(p.m, MAP {}), coalesce(t.m, MAP {}), coalesce(v.l, [])
FROM s_logged_models AS s
LEFT JOIN (
    SELECT model_id, map(list(key), list(value)) AS m
    FROM (SELECT model_id, key, max(value) AS value FROM s_logged_params WHERE key IS NOT NULL GROUP BY ALL)
    GROUP BY model_id
) AS p USING (model_id)
LEFT JOIN (
    SELECT model_id, map(list(key), list(value)) AS m
    FROM (SELECT model_id, key, max(value) AS value FROM s_logged_tags WHERE key IS NOT NULL GROUP BY ALL)
    GROUP BY model_id
) AS t USING (model_id)
LEFT JOIN (
    SELECT model_id, list({
        'run_id': run_id, 'key': key, 'value': value, 'step': step, 'time_ms': time_ms,
        'dataset_name': nullif(dataset_name, ''), 'dataset_digest': nullif(dataset_digest, '')}
        ORDER BY key, step, time_ms) AS l
    FROM s_logged_metrics GROUP BY model_id
) AS v USING (model_id)
