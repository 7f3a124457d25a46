-- Windows of serving of some versions. Grain: (model, version). Parameters: $models, $versions: lists, place by place.
SELECT model, version, list(DISTINCT window_ms ORDER BY window_ms) AS starts
FROM profiles
SEMI JOIN (SELECT unnest($models::VARCHAR[]) AS model, unnest($versions::VARCHAR[]) AS version) AS wanted
    USING (model, version)
WHERE role = 'serving' AND segment = ''
GROUP BY model, version
