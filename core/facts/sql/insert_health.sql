-- Staged: s_health. Grain: (model, category).
INSERT INTO health BY NAME SELECT * FROM s_health
