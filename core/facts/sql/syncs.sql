-- State of every source's sync, with what it holds. Grain: one source.
SELECT s.*,
       (SELECT count(*) FROM runs AS r WHERE r.source = s.source) AS runs,
       (SELECT count(*) FROM experiments AS e WHERE e.source = s.source) AS experiments,
       (SELECT count(*) FROM models AS m WHERE m.source = s.source) AS models,
       (SELECT min(read_ms) FROM runs AS r WHERE r.source = s.source) AS oldest_read_ms
FROM syncs AS s ORDER BY s.source
