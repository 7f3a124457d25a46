-- Parameters: $source.
DELETE FROM experiments WHERE source = $source
