-- Every feature that is watched for drift, with its last state. Grain: (name, model, version).
-- An effect that the last window cannot tell is null. Parameter: $from_ms: of windows counted.
SELECT name, model, version, arg_max(part, window_ms) AS part, max(window_ms) AS last_ms, max(end_ms) AS end_ms,
       arg_max(drifted, window_ms) AS drifted, arg_max(broken, window_ms) AS broken, arg_max(alarm, window_ms) AS alarm,
       arg_max_null(effect, window_ms) AS effect, arg_max(n, window_ms) AS n, arg_max(rows, window_ms) AS rows,
       arg_max(unusable, window_ms) AS unusable,
       count(*) FILTER (alarm AND window_ms >= $from_ms) AS alarms,
       count(*) FILTER (window_ms >= $from_ms) AS windows
FROM drift_cells WHERE part IN ('numeric', 'categorical') GROUP BY name, model, version ORDER BY name, model, version
