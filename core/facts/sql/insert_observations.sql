-- Staged: s_observations. Grain: one change seen.
INSERT INTO observations SELECT * FROM s_observations ON CONFLICT (observation_id) DO NOTHING
