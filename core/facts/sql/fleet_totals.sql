-- How much there is. Grain: one row.
SELECT
    (SELECT count(*) FROM models) AS models,
    (SELECT count(*) FROM versions) AS versions,
    (SELECT count(*) FROM experiments WHERE lifecycle_stage = 'active') AS experiments,
    (SELECT count(*) FROM runs WHERE lifecycle_stage = 'active') AS runs,
    (SELECT max(started_ms) FROM runs WHERE lifecycle_stage = 'active') AS newest_run_ms
