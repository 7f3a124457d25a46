-- Which tables and columns this MLflow has. Grain: one column.
SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
WHERE m.type = 'table'
