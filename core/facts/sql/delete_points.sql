-- Forgets the histories of staged runs before they are written anew. Parameters: $source. Staged: s_runs.
DELETE FROM points WHERE run_no IN (SELECT run_no FROM runs WHERE source = $source AND run_id IN (SELECT run_id FROM s_runs))
