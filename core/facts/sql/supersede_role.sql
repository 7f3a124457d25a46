-- Drops what older files say of a whole role. Parameters: $model, $role.
DELETE FROM profiles WHERE model = $model AND role = $role
