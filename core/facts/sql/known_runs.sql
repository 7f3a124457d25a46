-- What a connector may ask of the runs already here. Grain: one run of a source. Parameters: $source.
SELECT run_id, mark, status, experiment_id, started_ms, read_ms FROM runs WHERE source = $source
