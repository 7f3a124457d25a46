-- The verdicts as evaluated last. Grain: (model, category). Parameter: $model: "" for all.
SELECT * FROM health WHERE $model = '' OR model = $model ORDER BY model, category
