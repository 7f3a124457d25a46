-- What was seen to happen to one model's aliases, stages and versions, newest first. Grain: one change seen.
-- An alias holds no @ and a version no /, so the rest of a subject is the model's name, whatever that holds.
-- Parameters: $source, $model.
SELECT kind, subject, before, after, baseline, seen_ms, since_ms
FROM observations
WHERE source = $source
  AND (
    (kind = 'alias' AND starts_with(subject, $model || '@') AND NOT contains(substr(subject, length($model) + 2), '@'))
    OR (kind IN ('stage', 'version') AND starts_with(subject, $model || '/')
        AND NOT contains(substr(subject, length($model) + 2), '/'))
    OR (kind = 'model' AND subject = $model)
  )
ORDER BY seen_ms DESC, kind, subject
