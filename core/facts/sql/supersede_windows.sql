-- Drops what older files say of these windows. Parameters: $model, $role, $windows.
DELETE FROM profiles WHERE model = $model AND role = $role AND window_ms IN (SELECT unnest($windows::BIGINT[]))
