-- Grain: one tag of a logged model.
SELECT model_id, tag_key AS key, tag_value AS value FROM logged_model_tags
