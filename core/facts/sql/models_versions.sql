-- Versions of one model with the run each came from, newest first. Grain: one row a version.
-- Parameters: $source, $model.
SELECT v.version, v.stage, v.aliases, v.status, v.registry_stage, v.description, v.user_name, v.artifact_uri, v.model_id,
       v.created_ms, v.updated_ms, v.tags, v.run_id, r.lifecycle_stage AS run, r.name AS run_name, r.status AS run_status,
       r.experiment_id, e.name AS experiment, r.metrics, r.params, r.git_commit, r.user_name AS run_user,
       r.started_ms, r.ended_ms
FROM versions AS v
LEFT JOIN (FROM runs WHERE source = $source) AS r ON r.run_id = v.run_id
LEFT JOIN (FROM experiments WHERE source = $source) AS e ON e.experiment_id = r.experiment_id
WHERE v.source = $source AND v.model = $model
ORDER BY try_cast(v.version AS BIGINT) DESC NULLS LAST, v.version DESC
