-- Drops what was evaluated of one model. Parameter: $model.
DELETE FROM drift_cells WHERE model = $model
