-- What is profiled. Grain: (model, role, version).
SELECT model, role, version, min(window_ms) AS first_ms, max(window_ms) AS last_ms,
       count(DISTINCT window_ms) AS windows, list(DISTINCT segment ORDER BY segment) AS segments,
       max(created_ms) AS created_ms, any_value(edges) AS edges
FROM profiles GROUP BY ALL ORDER BY model, role, version
