-- The newest observation of each subject; `after` may be null (it is gone). Grain: (kind, subject) of a source.
-- Parameters: $source.
SELECT kind, subject, after FROM observations WHERE source = $source
QUALIFY row_number() OVER (PARTITION BY kind, subject ORDER BY seen_ms DESC, coalesce(since_ms, 0) DESC) = 1
