-- A text per run that changes when MLflow writes its row or its tags; rows of the append-only tables are noticed by
-- watermark. Grain: one run. A text keeps NULL apart from "".
SELECT r.run_uuid,
       r.experiment_id || '|' || coalesce(r.name, '') || '|' || coalesce(r.user_id, '') || '|' || coalesce(r.status, '')
       || '|' || coalesce(r.start_time, '') || '|' || coalesce(r.end_time, '') || '|' || coalesce(r.lifecycle_stage, '')
       || '|' || coalesce(r.artifact_uri, '') || '|' || coalesce(t.mark, '') AS mark
FROM runs AS r
LEFT JOIN (
    SELECT run_uuid, group_concat(key || char(31) || coalesce(value, ''), char(30)) AS mark FROM tags GROUP BY run_uuid
) AS t USING (run_uuid)
ORDER BY r.rowid
