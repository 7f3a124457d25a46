-- Rows of one file, registered as s_profiles. Parameters: $edges, $created_ms.
INSERT INTO profiles
SELECT model, version, role, window_ms, segment, part, name, grp, whole, reals, counts, texts, $edges, $created_ms
FROM s_profiles
