-- Windows of one model. Grain: (role, version, window_ms, segment). Parameters: $model.
SELECT role, version, window_ms, segment, count(*) AS parts, max(created_ms) AS created_ms, any_value(edges) AS edges
FROM profiles WHERE model = $model GROUP BY ALL ORDER BY role, window_ms, version, segment
