-- Versions and models in each stage. Grain: one stage that has versions.
SELECT stage, count(*) AS versions, count(DISTINCT (source, model)) AS models FROM versions GROUP BY stage
