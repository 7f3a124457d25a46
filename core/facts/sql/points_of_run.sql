-- Whole histories of a run. Grain: one point. Parameters: $run_no.
SELECT key, step, time_ms, value FROM points WHERE run_no = $run_no ORDER BY key, step, time_ms
