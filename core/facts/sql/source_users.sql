-- Users that runs and versions name. Grain: one user of one source, those with most runs first. Parameters: $limit.
WITH named AS (
    SELECT source, user_name, 1 AS run, 0 AS version FROM runs WHERE coalesce(user_name, '') <> ''
    UNION ALL
    SELECT source, user_name, 0, 1 FROM versions WHERE coalesce(user_name, '') <> ''
)
SELECT source, user_name, sum(run)::BIGINT AS runs, sum(version)::BIGINT AS versions
FROM named
GROUP BY source, user_name
ORDER BY runs DESC, versions DESC, source, user_name
LIMIT $limit
