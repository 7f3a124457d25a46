-- The metrics, params and tags of a scope of runs, and whether they vary. Grain: (kind, key). varies: two runs differ,
-- or one has it and another has not. Parameters: $experiments (["source:id"]; null: all), $deleted.
WITH scope AS (
    SELECT params, metrics, tags FROM runs AS r
    WHERE ($deleted OR r.lifecycle_stage = 'active')
      AND ($experiments::VARCHAR[] IS NULL OR list_contains($experiments::VARCHAR[], r.source || ':' || r.experiment_id))
),
pairs AS (
    SELECT 'param' AS kind, unnest(map_keys(params)) AS key, unnest(map_values(params)) AS value FROM scope
    UNION ALL
    SELECT 'metric', unnest(map_keys(metrics)), NULL FROM scope
    UNION ALL
    SELECT 'tag', unnest(map_keys(tags)), NULL FROM scope
)
SELECT kind, key, count(*) AS runs,
       min(value) IS DISTINCT FROM max(value) OR count(*) < (SELECT count(*) FROM scope) AS varies
FROM pairs GROUP BY kind, key ORDER BY kind, runs DESC, key
