-- Parameter: $path.
INSERT INTO finding_files VALUES ($path) ON CONFLICT DO NOTHING
