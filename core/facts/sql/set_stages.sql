-- Staged: s_stages (model, version, stage). Parameters: $source.
UPDATE versions SET stage = s.stage FROM s_stages AS s
WHERE versions.source = $source AND versions.model = s.model AND versions.version = s.version
