-- Parameters: $source.
DELETE FROM versions WHERE source = $source
