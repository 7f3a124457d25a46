-- Sources that hold a run id. Grain: one source. Parameters: $run_id.
SELECT source FROM runs WHERE run_id = $run_id ORDER BY source
