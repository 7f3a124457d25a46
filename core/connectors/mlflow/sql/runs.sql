-- Rows of some runs, without their tags. Grain: one run. Bound: a JSON array of run ids, as :ids.
SELECT wanted.n, run_uuid AS run_id, CAST(experiment_id AS TEXT) AS experiment_id, coalesce(name, '') AS name,
       coalesce(user_id, '') AS user_name, coalesce(status, '') AS status, coalesce(lifecycle_stage, 'active')
       AS lifecycle_stage, start_time AS started_ms, end_time AS ended_ms, coalesce(artifact_uri, '') AS artifact_uri,
       coalesce(source_type, '') AS source_type, coalesce(source_name, '') AS source_name,
       coalesce(source_version, '') AS source_version
FROM (:ids) AS wanted CROSS JOIN runs WHERE run_uuid = wanted.id
