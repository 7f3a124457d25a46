-- The schema version this file was written with. Grain: one row.
SELECT value FROM meta WHERE key = 'schema_version'
