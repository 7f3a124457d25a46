-- Which tables and columns this MLflow has. Grain: one column.
SELECT table_name::text AS table_name, column_name::text AS column_name FROM information_schema.columns
WHERE table_schema = ANY (current_schemas(false))
