-- Staged: s_findings, the states of one file. Grain: finding_id; the state that was observed last stays.
MERGE INTO findings AS f USING (
    SELECT * FROM s_findings QUALIFY row_number() OVER (PARTITION BY finding_id ORDER BY seen_ms DESC) = 1
) AS s ON f.finding_id = s.finding_id
WHEN MATCHED AND s.seen_ms >= f.seen_ms THEN UPDATE BY NAME
WHEN NOT MATCHED THEN INSERT BY NAME
