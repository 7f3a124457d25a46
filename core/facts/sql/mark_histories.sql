-- Parameters: $source, $run_id.
UPDATE runs SET histories = true WHERE source = $source AND run_id = $run_id
