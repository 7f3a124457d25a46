-- Every experiment and registered model with what rules of projects look at. Grain: (kind, source, id).
-- tags: "key=value".
SELECT 'experiment' AS kind, source, experiment_id AS id, name,
       [k || '=' || coalesce(tags[k], '') FOR k IN map_keys(tags)] AS tags FROM experiments
UNION ALL
SELECT 'model', source, name, name, [k || '=' || coalesce(tags[k], '') FOR k IN map_keys(tags)] FROM models
