-- State of one source's sync. Grain: one row. Parameters: $source.
SELECT * FROM syncs WHERE source = $source
