-- Parameters: $numbers.
DELETE FROM points WHERE run_no IN (SELECT unnest($numbers::BIGINT[]))
