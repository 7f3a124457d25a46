-- MLflow's own migration revision. Grain: one row.
SELECT version_num FROM alembic_version
