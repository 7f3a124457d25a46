-- Runs of a search grouped by some of their values, e.g. over seeds. Grain: one group. {by}, {measures}, {numbers},
-- {where} are fragments with bound values. Parameters: $limit, $offset, $experiments, $deleted, and the fragments'.
SELECT {by}, count(*) AS runs{measures}, max(r.started_ms) AS last_ms, count(*) OVER () AS groups
FROM runs AS r LEFT JOIN experiments AS e USING (source, experiment_id)
WHERE ($deleted OR r.lifecycle_stage = 'active')
  AND ($experiments::VARCHAR[] IS NULL OR list_contains($experiments::VARCHAR[], r.source || ':' || r.experiment_id))
  AND {where}
GROUP BY {numbers}
ORDER BY {order}
LIMIT $limit OFFSET $offset
