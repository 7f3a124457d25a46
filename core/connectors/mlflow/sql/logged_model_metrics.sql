-- Grain: one metric point of a logged model. Value NULL: MLflow writes no NaN mark here.
SELECT model_id, run_id, metric_name AS key, metric_value AS value, metric_step AS step,
       metric_timestamp_ms AS time_ms, coalesce(dataset_name, '') AS dataset_name,
       coalesce(dataset_digest, '') AS dataset_digest
FROM logged_model_metrics
