-- Whole runs by their refs. Grain: one run. Parameters: $refs (["source:run_id"]).
SELECT r.*, coalesce(e.name, r.experiment_id) AS experiment
FROM runs AS r LEFT JOIN experiments AS e USING (source, experiment_id)
WHERE r.run_id IN (SELECT split_part(x, ':', 2) FROM unnest($refs::VARCHAR[]) AS t(x))
  AND list_contains($refs::VARCHAR[], r.source || ':' || r.run_id)
