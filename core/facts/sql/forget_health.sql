-- Drops the verdicts of one model. Parameter: $model.
DELETE FROM health WHERE model = $model
