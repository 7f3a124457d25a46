-- Models whose name, tags or description hold every word, best first. Grain: one model.
-- rank: 0 the very name, 1 it begins so, 2 a word of it begins so, 3 it holds it, 4 its description or a tag does.
-- Parameters: $text, $w1 to $w4 (its first words, '' for none), $limit. Both sides are lowered here:
-- Python lowers some letters of other scripts in another way.
WITH found AS (
    SELECT source, name, description, lower(name) AS n,
           lower(concat_ws(' ', name, description, array_to_string(map_values(tags), ' '))) AS hay
    FROM models
)
SELECT f.source, f.name, f.description,
       (SELECT count(*) FROM versions AS v WHERE v.source = f.source AND v.model = f.name) AS versions,
       CASE WHEN n = lower($text) THEN 0 WHEN starts_with(n, lower($text)) THEN 1 WHEN regexp_matches(n, '(^|[^\pL\pN])' || regexp_escape(lower($text))) THEN 2
            WHEN contains(n, lower($text)) THEN 3 ELSE 4 END AS rank
FROM found AS f
WHERE contains(hay, lower($w1)) AND contains(hay, lower($w2)) AND contains(hay, lower($w3)) AND contains(hay, lower($w4))
ORDER BY rank, length(name), name LIMIT $limit
