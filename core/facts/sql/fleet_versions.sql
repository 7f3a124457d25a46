-- Registered versions with what their lineage is judged by, newest first. Grain: one row a version.
-- inputs, said: as JSON text, which is quicker to hand over. said: tags and params as a list; where a key comes twice, the later one holds: the version's over its logged model's,
-- and that over its run's.
-- Parameters: $keys: keys of tags and params that can be evidence.  $source, $model: of one model only, or null.
-- $speaking: only versions that speak for their model: those in production, and the newest.
WITH
numbered AS (
    SELECT *, row_number() OVER (
        PARTITION BY source, model ORDER BY try_cast(version AS BIGINT) DESC NULLS LAST, version DESC
    ) AS age
    FROM versions
    WHERE ($source IS NULL OR source = $source) AND ($model IS NULL OR model = $model)
),
wanted AS (SELECT * FROM numbered WHERE NOT $speaking OR age = 1 OR stage = 'production'),
origins AS (
    SELECT r.source, r.run_id, r.lifecycle_stage, r.git_commit,
           [{'name': i.name, 'digest': i.digest, 'context': i.context} FOR i IN r.inputs] AS inputs,
           [e FOR e IN map_entries(r.params) IF list_contains($keys, e.key)]
               || [e FOR e IN map_entries(r.tags) IF list_contains($keys, e.key)] AS said
    FROM runs AS r SEMI JOIN wanted AS w ON r.source = w.source AND r.run_id = w.run_id
)
SELECT v.source, v.model, v.version, v.stage, v.age, v.status, v.artifact_uri, v.model_id, v.run_id,
       r.lifecycle_stage AS run, r.git_commit, CAST(to_json(coalesce(r.inputs, [])) AS VARCHAR) AS inputs,
       l.status AS logged_status, CAST(to_json(
           coalesce(r.said, []) || [e FOR e IN map_entries(coalesce(l.tags, MAP {})) IF list_contains($keys, e.key)]
               || [e FOR e IN map_entries(v.tags) IF list_contains($keys, e.key)]
       ) AS VARCHAR) AS said
FROM wanted AS v
LEFT JOIN origins AS r ON r.source = v.source AND r.run_id = v.run_id
LEFT JOIN logged_models AS l ON l.source = v.source AND l.model_id = v.model_id
ORDER BY v.source, v.model, v.age
