-- The tables that the views of narrowed.sql look at, empty.
CREATE TEMP TABLE seen_experiments (source VARCHAR, experiment_id VARCHAR);
CREATE TEMP TABLE seen_models (source VARCHAR, model VARCHAR);
CREATE TEMP TABLE far_runs (run_no BIGINT);
