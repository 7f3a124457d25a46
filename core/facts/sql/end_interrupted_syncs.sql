-- Syncs that a process took with it when it ended. Grain: one source.
UPDATE syncs SET outcome = 'failed', ended_ms = started_ms, error = 'Gatehouse ended during the sync; what it had read is kept.',
    hint = 'Sync again: it goes on where it stopped.'
WHERE outcome = 'running'
