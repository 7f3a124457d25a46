-- Parameters: $source, $now_ms.
INSERT INTO syncs (source, outcome, started_ms) VALUES ($source, 'running', $now_ms)
ON CONFLICT (source) DO UPDATE SET outcome = 'running', started_ms = excluded.started_ms
