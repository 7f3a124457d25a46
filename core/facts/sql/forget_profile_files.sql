-- Parameters: $model.
DELETE FROM profile_files WHERE model = $model
