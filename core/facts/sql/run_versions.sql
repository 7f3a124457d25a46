-- Model versions that came from a run. Grain: one version. Parameters: $source, $run_id.
SELECT model, version, stage, aliases, created_ms FROM versions WHERE source = $source AND run_id = $run_id
ORDER BY model, try_cast(version AS BIGINT)
