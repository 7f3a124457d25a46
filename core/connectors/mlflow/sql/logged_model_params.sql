-- Grain: one param of a logged model.
SELECT model_id, param_key AS key, param_value AS value FROM logged_model_params
