-- Parameters: $source.
DELETE FROM logged_models WHERE source = $source
