-- Runs that were looked at and had not changed. Staged: s_seen (run_id). Parameters: $source, $read_ms.
UPDATE runs SET read_ms = $read_ms WHERE source = $source AND run_id IN (SELECT run_id FROM s_seen)
