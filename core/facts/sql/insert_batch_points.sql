-- Histories of the runs of a batch. Grain: one point. Staged: s_points (n: row number in s_runs), s_runs (merged
-- already). Parameters: $source.
INSERT INTO points
SELECT numbered.run_no, s.key, s.step, s.time_ms, s.value
FROM s_points AS s
JOIN (
    SELECT r.run_no, b.n FROM (SELECT run_id, row_number() OVER () - 1 AS n FROM s_runs) AS b
    JOIN runs AS r ON r.source = $source AND r.run_id = b.run_id
) AS numbered USING (n)
