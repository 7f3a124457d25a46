-- A text per run that changes when MLflow writes anything of it. A point logged late, below the last step, shows only
-- in the daily full reading: the whole history is not hashed at each sync. Grain: one run.
SELECT r.run_uuid,
       concat_ws('|', r.experiment_id, r.name, r.user_id, r.status, r.start_time, r.end_time, r.lifecycle_stage,
                 r.artifact_uri, t.mark, p.mark, m.mark, i.mark) AS mark
FROM runs AS r
LEFT JOIN (
    SELECT run_uuid, sum(hashtextextended(key || chr(31) || coalesce(value, ''), 0)::numeric) AS mark
    FROM tags GROUP BY run_uuid
) AS t USING (run_uuid)
LEFT JOIN (SELECT run_uuid, count(*) AS mark FROM params GROUP BY run_uuid) AS p USING (run_uuid)
LEFT JOIN (
    SELECT run_uuid, sum(hashtextextended(concat_ws('|', key, value, step, timestamp, is_nan), 0)::numeric) AS mark
    FROM latest_metrics GROUP BY run_uuid
) AS m USING (run_uuid)
LEFT JOIN (
    SELECT destination_id AS run_uuid, count(*) AS mark FROM inputs WHERE destination_type = 'RUN' GROUP BY 1
) AS i USING (run_uuid)
ORDER BY r.start_time, r.run_uuid
