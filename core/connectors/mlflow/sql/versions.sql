-- Model versions that were not deleted (MLflow keeps a deleted one as a husk). Grain: one version.
SELECT name AS model, :workspace AS workspace, CAST(version AS TEXT) AS version, coalesce(run_id, '') AS run_id,
       coalesce(status, '') AS status, coalesce(current_stage, 'None') AS registry_stage,
       coalesce(description, '') AS description, coalesce(user_id, '') AS user_name,
       coalesce(source, '') AS artifact_uri, creation_time AS created_ms, last_updated_time AS updated_ms
FROM model_versions
WHERE coalesce(current_stage, 'None') <> 'Deleted_Internal'
