-- Files of profiles already indexed, oldest first. Grain: one file.
SELECT path, model, created_ms, edges, undated, rejected, contradictions, parts_read, engine
FROM profile_files ORDER BY created_ms, path
