-- Profiles of one model. Grain: one part. "" or empty lists mean any.
-- Parameters: $model, $role, $versions, $parts, $names, $segment, $groups (bool: also by group), $from_ms, $to_ms.
SELECT version, role, window_ms, segment, part, name, grp, whole, reals, counts, texts, edges, created_ms
FROM profiles
WHERE model = $model
  AND ($role = '' OR role = $role)
  AND (len($versions::VARCHAR[]) = 0 OR version IN (SELECT unnest($versions::VARCHAR[])))
  AND (len($parts::VARCHAR[]) = 0 OR part IN (SELECT unnest($parts::VARCHAR[])))
  AND (len($names::VARCHAR[]) = 0 OR name IN (SELECT unnest($names::VARCHAR[])))
  AND segment = $segment
  AND ($groups OR grp = '' OR part = 'kpi')
  AND (role = 'reference' OR (window_ms >= $from_ms AND window_ms < $to_ms))
ORDER BY window_ms, version, part, name, grp
