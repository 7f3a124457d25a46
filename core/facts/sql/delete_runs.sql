-- Parameters: $numbers.
DELETE FROM runs WHERE run_no IN (SELECT unnest($numbers::BIGINT[]))
