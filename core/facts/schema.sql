-- The facts: copies of what sources hold, and an index of observations. Everything here can be had again.
-- Times are milliseconds since 1970 UTC. Tables with MAP columns have no primary key (ON CONFLICT is slow on them):
-- they are written by MERGE only, and tests hold their keys unique.

CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);

-- State of each source's sync. Grain: one row a source.
CREATE TABLE syncs (
    source VARCHAR PRIMARY KEY,
    cursor JSON,                 -- the connector's own, unread here
    outcome VARCHAR,             -- ok, failed, running; null before the first
    started_ms BIGINT,
    ended_ms BIGINT,             -- of the last attempt
    complete_ms BIGINT,          -- end of the last sync that went through
    runs_read BIGINT,
    runs_removed BIGINT,
    error VARCHAR,
    hint VARCHAR,
    version VARCHAR              -- product and version of the source, as it says itself
);

-- Grain: (source, experiment_id).
CREATE TABLE experiments (
    source VARCHAR NOT NULL,
    experiment_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    artifact_location VARCHAR,
    lifecycle_stage VARCHAR NOT NULL,   -- active, deleted
    created_ms BIGINT,
    updated_ms BIGINT,
    tags MAP(VARCHAR, VARCHAR) NOT NULL
);

CREATE SEQUENCE run_numbers;

-- Grain: (source, run_id). run_no is its short key inside this file, never shown outside.
CREATE TABLE runs (
    run_no BIGINT NOT NULL,
    source VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    experiment_id VARCHAR NOT NULL,
    name VARCHAR,
    user_name VARCHAR,
    status VARCHAR,                     -- RUNNING, SCHEDULED, FINISHED, FAILED, KILLED
    lifecycle_stage VARCHAR NOT NULL,   -- active, deleted
    started_ms BIGINT,
    ended_ms BIGINT,
    artifact_uri VARCHAR,
    source_type VARCHAR,                -- NOTEBOOK, JOB, LOCAL, PROJECT, UNKNOWN
    source_name VARCHAR,
    git_commit VARCHAR,
    parent_run_id VARCHAR,
    params MAP(VARCHAR, VARCHAR) NOT NULL,
    metrics MAP(VARCHAR, DOUBLE) NOT NULL,                            -- last value of each
    metric_points MAP(VARCHAR, STRUCT(step BIGINT, time_ms BIGINT)) NOT NULL,  -- where that last value stands
    tags MAP(VARCHAR, VARCHAR) NOT NULL,
    inputs STRUCT(name VARCHAR, digest VARCHAR, source_type VARCHAR, source VARCHAR, context VARCHAR,
                  schema VARCHAR, profile VARCHAR)[] NOT NULL,
    mark UBIGINT,
    histories BOOLEAN NOT NULL,         -- points holds all histories of this run, as of read_ms
    read_ms BIGINT NOT NULL             -- when this row was last read from its source
);

-- Metric histories. Grain: one logged point.
CREATE TABLE points (
    run_no BIGINT NOT NULL,
    key VARCHAR NOT NULL,
    step BIGINT NOT NULL,
    time_ms BIGINT NOT NULL,
    value DOUBLE
);

-- Grain: (source, name).
CREATE TABLE models (
    source VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    description VARCHAR,
    created_ms BIGINT,
    updated_ms BIGINT,
    tags MAP(VARCHAR, VARCHAR) NOT NULL
);

-- Grain: (source, model, version).
CREATE TABLE versions (
    source VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    run_id VARCHAR,
    status VARCHAR,
    registry_stage VARCHAR,             -- MLflow's own: None, Staging, Production, Archived
    stage VARCHAR NOT NULL,             -- by the source's stage map: development, staging, production, archived
    aliases VARCHAR[] NOT NULL,
    description VARCHAR,
    user_name VARCHAR,
    artifact_uri VARCHAR,
    model_id VARCHAR,
    created_ms BIGINT,
    updated_ms BIGINT,
    tags MAP(VARCHAR, VARCHAR) NOT NULL
);

-- Logged models (MLflow 3). Grain: (source, model_id).
CREATE TABLE logged_models (
    source VARCHAR NOT NULL,
    model_id VARCHAR NOT NULL,
    experiment_id VARCHAR,
    name VARCHAR,
    run_id VARCHAR,
    status VARCHAR,
    model_type VARCHAR,
    artifact_uri VARCHAR,
    created_ms BIGINT,
    updated_ms BIGINT,
    params MAP(VARCHAR, VARCHAR) NOT NULL,
    tags MAP(VARCHAR, VARCHAR) NOT NULL,
    metrics STRUCT(run_id VARCHAR, key VARCHAR, value DOUBLE, step BIGINT, time_ms BIGINT, dataset_name VARCHAR,
                   dataset_digest VARCHAR)[] NOT NULL
);

-- Index of the observed files. Grain: one change seen.
CREATE TABLE observations (
    observation_id VARCHAR PRIMARY KEY,
    source VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    subject VARCHAR NOT NULL,
    before VARCHAR,
    after VARCHAR,
    baseline BOOLEAN NOT NULL,
    seen_ms BIGINT NOT NULL,
    since_ms BIGINT
);
CREATE TABLE observed_files (path VARCHAR PRIMARY KEY);

-- Files of profiles already indexed, with what they say of themselves. Grain: one file.
CREATE TABLE profile_files (
    path VARCHAR PRIMARY KEY,
    model VARCHAR NOT NULL,
    created_ms BIGINT NOT NULL,
    monitor_id VARCHAR NOT NULL,
    edges VARCHAR NOT NULL,
    engine VARCHAR NOT NULL,
    parts_read BIGINT NOT NULL,
    undated BIGINT NOT NULL,            -- rows whose time could not be read
    rejected BIGINT NOT NULL,           -- lines that were no rows
    contradictions BIGINT NOT NULL      -- ids with labels that contradict each other
);

-- Profiles (core/profile_rows.py). Grain: (model, version, role, window_ms, segment, part, name, grp).
-- No key: a newer file replaces whole windows (facts/profiles.py); tests hold the grain.
CREATE TABLE profiles (
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    window_ms BIGINT NOT NULL,
    segment VARCHAR NOT NULL,
    part VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    grp VARCHAR NOT NULL,
    whole BIGINT[],
    reals DOUBLE[],
    counts UINTEGER[],
    texts VARCHAR[],
    edges VARCHAR NOT NULL,
    created_ms BIGINT NOT NULL
);

-- Drift of one column in one window, as evaluated last; can be evaluated again from the profiles.
-- Grain: (model, version, window_ms, part, name). part: numeric, categorical, output (the scores; name "").
CREATE TABLE drift_cells (
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    window_ms BIGINT NOT NULL,
    end_ms BIGINT NOT NULL,
    part VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    n BIGINT NOT NULL,                  -- rows of the window with a value
    rows BIGINT NOT NULL,               -- all rows of the window
    unusable BIGINT NOT NULL,           -- rows without a usable value: missing, NaN, infinite, unreadable
    p DOUBLE,                           -- null where nothing can be told
    adjusted DOUBLE,                    -- p, adjusted over the columns of the window (Benjamini-Hochberg)
    effect DOUBLE,                      -- PSI0, nats
    psi DOUBLE,
    jensen_shannon DOUBLE,
    alarm BOOLEAN NOT NULL,
    drifted BOOLEAN NOT NULL,           -- by the policy's rule of persistence
    broken BOOLEAN NOT NULL             -- too many unusable values
);

-- The verdicts of a model's live version, category by category, as evaluated last. Grain: (model, category).
CREATE TABLE health (
    model VARCHAR NOT NULL,
    category VARCHAR NOT NULL,
    version VARCHAR NOT NULL,           -- the one judged
    outcome VARCHAR NOT NULL,           -- pass, fail, not enough data, not applicable
    reason VARCHAR NOT NULL,            -- one sentence
    from_ms BIGINT,                     -- first window judged, and end of the last; null where none was
    end_ms BIGINT,
    n BIGINT NOT NULL,                  -- rows judged
    details JSON NOT NULL,              -- what was measured: a list of {name, metric, group, value, low, high, n, limit, outcome, why}
    policy VARCHAR NOT NULL,
    policy_version INTEGER NOT NULL,
    profiled_ms BIGINT NOT NULL,        -- created_ms of the newest profile that was read
    evaluated_ms BIGINT NOT NULL
);

-- Findings as last observed (observed/findings holds every state). Grain: finding_id.
CREATE TABLE findings (
    finding_id VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    category VARCHAR NOT NULL,
    cause VARCHAR NOT NULL,             -- drift, prediction_drift, broken_rows, schema, degradation, latency, errors, trend:KPI, unfair:ATTRIBUTE
    severity VARCHAR NOT NULL,          -- high, medium, low
    first_ms BIGINT NOT NULL,           -- start of the first window that broke the rule
    last_ms BIGINT NOT NULL,            -- start of the last one
    end_ms BIGINT NOT NULL,             -- end of the last one
    cleared_ms BIGINT,                  -- end of the window that kept the rule again; null while it is broken
    withdrawn BOOLEAN NOT NULL,         -- data read since does not show it any more
    title VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    todo VARCHAR NOT NULL,
    names VARCHAR[] NOT NULL,           -- features, groups or metrics concerned
    source VARCHAR NOT NULL,            -- where its log lies, as the monitor file says
    details JSON NOT NULL,
    policy VARCHAR NOT NULL,
    policy_version INTEGER NOT NULL,
    seen_ms BIGINT NOT NULL             -- when this state was observed
);
CREATE TABLE finding_files (path VARCHAR PRIMARY KEY);
