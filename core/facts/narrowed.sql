-- What a reader sees whose sight is narrowed: views under the tables' own names, which come before them. Every table of
-- schema.sql has one here, so that no statement can read past them. Run on a cursor of its own that holds the temporary
-- tables seen_experiments, seen_models, seen_logs, seen_sources, and far_runs: run_no of seen runs below a parent that
-- is not seen.
CREATE TEMP VIEW experiments AS FROM facts.main.experiments SEMI JOIN temp.seen_experiments USING (source, experiment_id);
CREATE TEMP VIEW runs AS
SELECT r.* REPLACE (
    CASE WHEN f.run_no IS NULL THEN r.parent_run_id END AS parent_run_id,
    CASE WHEN f.run_no IS NULL THEN r.tags
         ELSE map_from_entries([e FOR e IN map_entries(r.tags) IF e.value IS DISTINCT FROM r.parent_run_id]) END AS tags
)
FROM facts.main.runs AS r SEMI JOIN temp.seen_experiments AS s USING (source, experiment_id)
LEFT JOIN temp.far_runs AS f ON f.run_no = r.run_no;
CREATE TEMP VIEW points AS
FROM facts.main.points WHERE run_no IN (
    SELECT run_no FROM facts.main.runs SEMI JOIN temp.seen_experiments USING (source, experiment_id)
);
CREATE TEMP VIEW models AS FROM facts.main.models AS m SEMI JOIN temp.seen_models AS s ON s.source = m.source AND s.model = m.name;
CREATE TEMP VIEW logged_models AS FROM facts.main.logged_models SEMI JOIN temp.seen_experiments USING (source, experiment_id);
-- A seen model's version that came from a run or a logged model which is not seen stays, without what names that.
CREATE TEMP VIEW versions AS
SELECT v.* REPLACE (
    r.run_id AS run_id, l.model_id AS model_id,
    CASE WHEN (r.run_id IS NULL AND contains(v.artifact_uri, v.run_id))
           OR (l.model_id IS NULL AND contains(v.artifact_uri, v.model_id)) THEN NULL ELSE v.artifact_uri END AS artifact_uri
)
FROM facts.main.versions AS v SEMI JOIN temp.seen_models AS s USING (source, model)
LEFT JOIN (SELECT source, run_id FROM facts.main.runs SEMI JOIN temp.seen_experiments USING (source, experiment_id)) AS r
    ON r.source = v.source AND r.run_id = v.run_id
LEFT JOIN temp.logged_models AS l ON l.source = v.source AND l.model_id = v.model_id;
-- Counts of a sync are of the whole source.
CREATE TEMP VIEW syncs AS
SELECT * REPLACE (NULL::JSON AS cursor, NULL::BIGINT AS runs_read, NULL::BIGINT AS runs_removed)
FROM facts.main.syncs SEMI JOIN temp.seen_sources USING (source);
-- An alias holds no @ and a version no /: what stands before the last one is the model's name.
CREATE TEMP VIEW observations AS
SELECT o.* FROM facts.main.observations AS o
LEFT JOIN temp.seen_models AS m ON m.source = o.source AND m.model = CASE o.kind
    WHEN 'model' THEN o.subject
    WHEN 'alias' THEN left(o.subject, length(o.subject) - strpos(reverse(o.subject), '@'))
    WHEN 'version' THEN left(o.subject, length(o.subject) - strpos(reverse(o.subject), '/'))
    WHEN 'stage' THEN left(o.subject, length(o.subject) - strpos(reverse(o.subject), '/')) END
LEFT JOIN temp.seen_experiments AS e ON o.kind = 'experiment' AND e.source = o.source AND e.experiment_id = o.subject
LEFT JOIN (SELECT source, run_id FROM facts.main.runs SEMI JOIN temp.seen_experiments USING (source, experiment_id)) AS r
    ON o.kind = 'run' AND r.source = o.source AND r.run_id = o.subject
LEFT JOIN temp.seen_sources AS s ON o.kind = 'source' AND s.source = o.source
WHERE coalesce(m.model, e.experiment_id, r.run_id, s.source) IS NOT NULL;
CREATE TEMP VIEW profiles AS FROM facts.main.profiles SEMI JOIN temp.seen_logs USING (model);
CREATE TEMP VIEW profile_files AS FROM facts.main.profile_files SEMI JOIN temp.seen_logs USING (model);
CREATE TEMP VIEW observed_files AS FROM facts.main.observed_files WHERE false;
CREATE TEMP VIEW meta AS FROM facts.main.meta WHERE false;
CREATE TEMP VIEW drift_cells AS FROM facts.main.drift_cells SEMI JOIN temp.seen_logs USING (model);
CREATE TEMP VIEW health AS FROM facts.main.health SEMI JOIN temp.seen_logs USING (model);
CREATE TEMP VIEW findings AS FROM facts.main.findings SEMI JOIN temp.seen_logs USING (model);
CREATE TEMP VIEW finding_files AS FROM facts.main.finding_files WHERE false;
