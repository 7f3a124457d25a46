-- Files of findings already indexed.
SELECT path FROM finding_files
