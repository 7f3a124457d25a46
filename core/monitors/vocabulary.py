"""Names that columns of logs usually have, the most telling first; written as `tokens` joined by _."""

TIMES = (
    "timestamp",
    "ts",
    "event_timestamp",
    "event_time",
    "prediction_time",
    "predicted_at",
    "scored_at",
    "inference_time",
    "request_time",
    "logged_at",
    "created_at",
    "datetime",
    "time",
    "date",
    "day",
)
IDS = ("id", "prediction_id", "request_id", "inference_id", "row_id", "event_id", "record_id", "uuid", "guid")
SCORES = (
    "score",
    "probability",
    "proba",
    "prob",
    "predicted_probability",
    "prediction_score",
    "y_score",
    "y_prob",
    "y_pred_proba",
    "risk_score",
    "model_score",
    "confidence",
    "prediction",
    "predicted",
    "pred",
    "y_pred",
)
PREDICTIONS = (
    "prediction",
    "predicted",
    "pred",
    "y_pred",
    "y_hat",
    "yhat",
    "predicted_label",
    "predicted_class",
    "predicted_value",
    "decision",
    "forecast",
    "estimate",
)
LABELS = (
    "label",
    "target",
    "y",
    "y_true",
    "actual",
    "ground_truth",
    "truth",
    "outcome",
    "default",
    "defaulted",
    "class",
    "fraud",
    "is_fraud",
    "churn",
    "churned",
    "converted",
    "observed",
    "response",
)
VERSIONS = ("model_version", "version", "model_ver", "model_release", "release", "revision")
LATENCIES = (
    "latency_ms",
    "latency",
    "response_time_ms",
    "response_ms",
    "duration_ms",
    "elapsed_ms",
    "inference_ms",
    "inference_time_ms",
    "processing_ms",
    "processing_time_ms",
    "response_time",
)
STATUSES = ("status_code", "http_status", "response_code", "status", "error", "is_error", "failed")
PROTECTED = frozenset(("sex", "gender", "age", "agep", "race", "rac1p", "ethnicity", "ethnic", "nationality"))
PROTECTED |= frozenset(("citizenship", "religion", "marital", "marriage", "disability", "disabled", "pregnant"))
PROTECTED_PAIRS = frozenset(
    (("native", "country"), ("birth", "country"), ("foreign", "worker"), ("sexual", "orientation"))
)
