-- Staged: s_drift_cells. Grain: (model, version, window_ms, part, name).
INSERT INTO drift_cells BY NAME SELECT * FROM s_drift_cells
