-- Parameters: $source.
DELETE FROM syncs WHERE source = $source
