-- What follows from the seen experiments and models: their sources, and names whose inference logs are seen. A log
-- names its model without a source, so it is seen when every registered model of that name is.
CREATE TEMP TABLE seen_sources AS SELECT source FROM temp.seen_experiments UNION SELECT source FROM temp.seen_models;
CREATE TEMP TABLE seen_logs AS
SELECT DISTINCT model FROM temp.seen_models WHERE model NOT IN (
    SELECT m.name FROM facts.main.models AS m ANTI JOIN temp.seen_models AS s ON s.source = m.source AND s.model = m.name
);
