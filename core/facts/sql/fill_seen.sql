-- Fills one of the tables that the views of narrowed.sql look at. Grain: one experiment or model.
-- {table} is its name (narrowed.py). Parameters: $sources, $names: lists of the same length.
INSERT INTO temp.{table} SELECT unnest($sources::VARCHAR[]), unnest($names::VARCHAR[])
