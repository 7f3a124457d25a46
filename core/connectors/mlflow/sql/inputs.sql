-- Data sets of some runs. Grain: one input. Bound: a JSON array of run ids, as :ids.
SELECT wanted.n, d.name, d.digest, d.dataset_source_type AS source_type,
       d.dataset_source AS source, coalesce(t.value, '') AS context, coalesce(d.dataset_schema, '') AS schema,
       coalesce(d.dataset_profile, '') AS profile
FROM (:ids) AS wanted CROSS JOIN inputs AS i
JOIN datasets AS d ON d.dataset_uuid = i.source_id
LEFT JOIN input_tags AS t ON t.input_uuid = i.input_uuid AND t.name = 'mlflow.data.context'
WHERE i.destination_type = 'RUN' AND i.source_type = 'DATASET' AND i.destination_id = wanted.id
