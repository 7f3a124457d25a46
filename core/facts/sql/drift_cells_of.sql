-- Drift of one model's columns, by window and column. Grain: (version, window_ms, part, name).
-- Parameters: $model; $version, $part, $name: "" for all; $from_ms, $to_ms (excluded): of window_ms.
SELECT * FROM drift_cells
WHERE model = $model AND ($version = '' OR version = $version) AND ($part = '' OR part = $part)
  AND ($name = '' OR name = $name) AND window_ms >= $from_ms AND window_ms < $to_ms
ORDER BY version, window_ms, part DESC, name
