-- Parameters: $source, $cursor (JSON).
INSERT INTO syncs (source, cursor) VALUES ($source, $cursor)
ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor
