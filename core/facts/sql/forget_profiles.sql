-- Parameters: $model.
DELETE FROM profiles WHERE model = $model
