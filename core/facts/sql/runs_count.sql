-- How many runs a search finds. Grain: one row. {where} is a fragment with bound values (filter.py).
-- Parameters: $experiments (["source:id"]; null: all), $deleted, and those of the fragment.
SELECT count(*) AS n
FROM runs AS r LEFT JOIN experiments AS e USING (source, experiment_id)
WHERE ($deleted OR r.lifecycle_stage = 'active')
  AND ($experiments::VARCHAR[] IS NULL OR list_contains($experiments::VARCHAR[], r.source || ':' || r.experiment_id))
  AND {where}
