-- Versions that hold every word ("credit v3", "credit/3", "credit champion"), best first. Grain: one version.
-- rank as in find_models, over "model vN". Parameters: as there, and $run_id: the whole text when it looks like an id.
WITH found AS (
    SELECT source, model, version, stage, aliases, run_id, created_ms, lower(model) || ' v' || lower(version) AS n,
           lower(model || ' v' || version || ' ' || model || '/' || version || ' ' || array_to_string(aliases, ' ') || ' ' || stage)
               AS hay
    FROM versions
)
SELECT source, model, version, stage, aliases,
       CASE WHEN n = lower($text) OR replace(n, ' v', '/') = lower($text) OR replace(n, ' v', ' ') = lower($text) OR run_id = $text THEN 0
            WHEN starts_with(n, lower($text)) THEN 2 WHEN regexp_matches(n, '(^|[^\pL\pN])' || regexp_escape(lower($text))) THEN 3 ELSE 4 END AS rank
FROM found
WHERE (contains(hay, lower($w1)) AND contains(hay, lower($w2)) AND contains(hay, lower($w3)) AND contains(hay, lower($w4))) OR run_id = $text
ORDER BY rank, CASE stage WHEN 'production' THEN 0 WHEN 'staging' THEN 1 ELSE 2 END, created_ms DESC, model, version
LIMIT $limit
