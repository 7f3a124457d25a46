-- Seen runs below a parent that is not seen. Grain: one run.
INSERT INTO temp.far_runs
WITH seen AS (SELECT run_no, source, run_id, parent_run_id FROM facts.main.runs SEMI JOIN temp.seen_experiments USING (source, experiment_id))
SELECT run_no FROM seen AS r WHERE parent_run_id IS NOT NULL
    AND NOT EXISTS (FROM seen AS p WHERE p.source = r.source AND p.run_id = r.parent_run_id)
