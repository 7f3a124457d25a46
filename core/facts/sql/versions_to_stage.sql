-- What a stage map looks at. Grain: one model version of a source. Parameters: $source.
SELECT model, version,
       row_number() OVER (PARTITION BY model ORDER BY try_cast(version AS BIGINT) DESC NULLS LAST, version DESC) = 1,
       registry_stage, aliases, tags
FROM versions WHERE source = $source
