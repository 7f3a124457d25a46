-- Findings as last observed, newest first. Grain: finding_id.
-- Parameters: $model: "" for all; $id: "" for all.
SELECT * FROM findings WHERE ($model = '' OR model = $model) AND ($id = '' OR finding_id = $id)
ORDER BY last_ms DESC, first_ms DESC, finding_id
