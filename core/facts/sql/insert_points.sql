-- Histories of staged runs. Grain: one point. Staged: s_points (s_runs are merged already). Parameters: $source.
INSERT INTO points
SELECT r.run_no, s.key, s.step, s.time_ms, s.value
FROM s_points AS s
JOIN (SELECT run_no, run_id FROM runs WHERE source = $source) AS r USING (run_id)
ORDER BY r.run_no
