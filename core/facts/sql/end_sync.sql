-- Parameters: $source, $outcome, $now_ms, $read, $removed, $error, $hint, $version.
UPDATE syncs SET outcome = $outcome, ended_ms = $now_ms, runs_read = $read, runs_removed = $removed, error = $error,
    hint = $hint, version = coalesce($version, version),
    complete_ms = CASE WHEN $outcome = 'ok' THEN $now_ms ELSE complete_ms END
WHERE source = $source
