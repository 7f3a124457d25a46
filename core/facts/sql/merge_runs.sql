-- Upserts staged runs, whole. Grain: one row a run. Staged: s_runs. Parameters: $source, $histories, $read_ms.
MERGE INTO runs AS r
USING (
    SELECT * REPLACE (
        nullif(name, '') AS name, nullif(user_name, '') AS user_name, nullif(artifact_uri, '') AS artifact_uri,
        nullif(source_type, '') AS source_type, nullif(source_name, '') AS source_name,
        nullif(git_commit, '') AS git_commit)
    FROM s_runs
) AS s
ON r.source = $source AND r.run_id = s.run_id
WHEN MATCHED THEN UPDATE SET
    experiment_id = s.experiment_id, name = s.name, user_name = s.user_name, status = s.status,
    lifecycle_stage = s.lifecycle_stage, started_ms = s.started_ms, ended_ms = s.ended_ms,
    artifact_uri = s.artifact_uri, source_type = s.source_type, source_name = s.source_name,
    git_commit = s.git_commit, parent_run_id = s.parent_run_id, params = s.params, metrics = s.metrics,
    metric_points = s.metric_points, tags = s.tags, inputs = s.inputs, mark = s.mark, histories = $histories,
    read_ms = $read_ms
WHEN NOT MATCHED THEN INSERT (
    run_no, source, run_id, experiment_id, name, user_name, status, lifecycle_stage, started_ms, ended_ms,
    artifact_uri, source_type, source_name, git_commit, parent_run_id, params, metrics, metric_points, tags, inputs,
    mark, histories, read_ms)
VALUES (
    nextval('run_numbers'), $source, s.run_id, s.experiment_id, s.name, s.user_name, s.status, s.lifecycle_stage,
    s.started_ms, s.ended_ms, s.artifact_uri, s.source_type, s.source_name, s.git_commit, s.parent_run_id, s.params,
    s.metrics, s.metric_points, s.tags, s.inputs, s.mark, $histories, $read_ms)
