-- Known runs that the source's census does not list. Staged: s_census (run_id). Grain: one run.
-- Parameters: $source, $scope (experiment ids; null: all).
SELECT run_no, run_id FROM runs
WHERE source = $source
  AND ($scope::VARCHAR[] IS NULL OR list_contains($scope::VARCHAR[], experiment_id))
  AND run_id NOT IN (SELECT run_id FROM s_census)
