-- Names of all registered models.
SELECT DISTINCT name FROM models
