-- When the newest profile of each model was written. Grain: model.
SELECT model, max(created_ms) AS created_ms FROM profile_files GROUP BY model
