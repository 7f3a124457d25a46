-- Every registered model with what its versions say of it. Grain: one row a model; lists are newest first.
WITH
numbered AS (
    SELECT source, model, version, stage, aliases, updated_ms, row_number() OVER (
        PARTITION BY source, model ORDER BY try_cast(version AS BIGINT) DESC NULLS LAST, version DESC
    ) AS age
    FROM versions
),
of_model AS (
    SELECT source, model, count(*) AS versions,
           list(version ORDER BY age) FILTER (age = 1) AS newest,
           list(version ORDER BY age) FILTER (stage = 'production') AS production,
           list(version ORDER BY age) FILTER (stage = 'staging') AS staging,
           count(*) FILTER (stage = 'archived') AS archived,
           count(*) FILTER (stage = 'development') AS development,
           flatten(list([a || ' → v' || version FOR a IN aliases] ORDER BY age)) AS aliases,
           max(updated_ms) AS updated_ms
    FROM numbered GROUP BY source, model
)
SELECT m.source, m.name, m.description, m.created_ms, greatest(m.updated_ms, v.updated_ms) AS updated_ms,
       coalesce(v.versions, 0) AS versions, v.newest[1] AS newest,
       coalesce(v.production, []) AS production, coalesce(v.staging, []) AS staging,
       coalesce(v.archived, 0) AS archived, coalesce(v.development, 0) AS development,
       coalesce(v.aliases, []) AS aliases, [k || '=' || coalesce(m.tags[k], '') FOR k IN map_keys(m.tags)] AS tags
FROM models AS m LEFT JOIN of_model AS v ON v.source = m.source AND v.model = m.name
ORDER BY lower(m.name), m.source
