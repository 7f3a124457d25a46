-- One feature in every model's reference. Grain: (model, edges, window_ms, version). Parameter: $name.
SELECT model, edges, part, created_ms, whole, reals, counts, texts
FROM profiles
WHERE role = 'reference' AND segment = '' AND grp = '' AND name = $name AND part IN ('numeric', 'categorical')
ORDER BY model, created_ms, edges, window_ms, version
