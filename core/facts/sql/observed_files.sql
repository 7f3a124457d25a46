-- Observed files already indexed. Grain: one file.
SELECT path FROM observed_files
