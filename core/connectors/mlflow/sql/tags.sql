-- Grain: one tag of some runs. Bound: a JSON array of run ids, as :ids.
SELECT wanted.n, tags.key, coalesce(tags.value, '') AS value FROM (:ids) AS wanted CROSS JOIN tags WHERE run_uuid = wanted.id
