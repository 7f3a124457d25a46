-- Parameters: $path.
INSERT INTO observed_files (path) VALUES ($path) ON CONFLICT (path) DO NOTHING
