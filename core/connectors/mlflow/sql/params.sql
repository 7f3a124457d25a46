-- Grain: one param of some runs. Bound: a JSON array of run ids, as :ids.
SELECT wanted.n, params.key, params.value FROM (:ids) AS wanted CROSS JOIN params WHERE run_uuid = wanted.id
