-- Drift of one column in every model that has it, by model and window. Grain: (model, version, window_ms).
-- Parameters: $name; $from_ms.
SELECT * FROM drift_cells WHERE name = $name AND part IN ('numeric', 'categorical') AND window_ms >= $from_ms
ORDER BY model, version, window_ms
