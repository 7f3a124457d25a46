-- Parameters: $path, $model, $created_ms, $monitor_id, $edges, $engine, $parts_read, $undated, $rejected, $contradictions.
INSERT INTO profile_files VALUES (
    $path, $model, $created_ms, $monitor_id, $edges, $engine, $parts_read, $undated, $rejected, $contradictions
)
