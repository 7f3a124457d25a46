-- Parameters: $source.
DELETE FROM points WHERE run_no IN (SELECT run_no FROM runs WHERE source = $source)
