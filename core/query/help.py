"""The search language by example, for people."""

COMPLETIONS: tuple[tuple[str, str], ...] = (
    ("metrics.valid.auc > 0.8", "the last value of a metric"),
    ("params.depth between 3 and 6", "params compare as numbers when both are numbers"),
    ("params.model in ('xgboost', 'forest')", "one of several"),
    ("tags.team = 'risk' and not status = 'FAILED'", "and, or, not, parentheses"),
    ("name ilike '%baseline%'", "like with % and _; ilike ignores case"),
    ("metrics.`f1 at 0.5` >= 0.7", "odd names in backticks or double quotes"),
    ("start_time > now - 7d", "dates: 2026-11-01, now, today; UTC"),
    ("run.duration > 10m", "lengths of time: 500ms, 30s, 10m, 2h, 1d"),
    ("git_commit is null", "what is missing, or `is not null`"),
    ("metrics.loss = nan", "what came out as no number"),
    ("datasets.name = 'loans'", "runs that used a data set"),
    ("experiment.name like 'credit%'", "by experiment"),
    ("sweep", "a bare word: part of the name or user, or the start of the id"),
)
