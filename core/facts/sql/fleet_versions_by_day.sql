-- Registrations by UTC day. Grain: one day on which versions were registered.
SELECT created_ms // 86400000 AS day, count(*) AS versions FROM versions WHERE created_ms IS NOT NULL GROUP BY day ORDER BY day
