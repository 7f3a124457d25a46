-- One page of a search. Grain: one run. {columns}, {where}, {order} are fragments with bound values (filter.py).
-- Parameters: $limit, $offset, $experiments (["source:id"]; null: all), $deleted, and those of the fragments.
SELECT r.run_no, r.source, r.run_id, r.name, r.status, r.lifecycle_stage, r.user_name, r.started_ms, r.ended_ms,
       r.experiment_id, coalesce(e.name, r.experiment_id) AS experiment, r.tags{columns}
FROM runs AS r LEFT JOIN experiments AS e USING (source, experiment_id)
WHERE ($deleted OR r.lifecycle_stage = 'active')
  AND ($experiments::VARCHAR[] IS NULL OR list_contains($experiments::VARCHAR[], r.source || ':' || r.experiment_id))
  AND {where}
ORDER BY {order}
LIMIT $limit OFFSET $offset
