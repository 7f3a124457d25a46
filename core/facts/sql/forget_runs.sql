-- Parameters: $source.
DELETE FROM runs WHERE source = $source
