-- Parameters: $source.
DELETE FROM models WHERE source = $source
