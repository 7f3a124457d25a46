-- Sizes, for "test connection". Grain: one row.
SELECT (SELECT count(*) FROM experiments) AS experiments, (SELECT count(*) FROM runs) AS runs,
       (SELECT count(*) FROM registered_models) AS models
