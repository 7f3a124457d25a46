"""The catalogue of metrics: what each category measures, and which parts of profiles that takes."""

from collections.abc import Mapping, Sequence

_BY_CATEGORY: Mapping[str, Sequence[str]] = {
    "data_quality": (
        "missing_share", "missing_change", "nan_share", "nan_change", "infinite_share", "infinite_change",
        "unreadable_share", "unreadable_change", "out_of_range_share", "unseen_share", "lost_categories",
    ),
    "drift": (
        "drift_p", "drift_effect", "psi", "jensen_shannon", "hellinger", "l_infinity", "chi_square", "ks",
        "wasserstein", "label_drift_p", "label_drift_effect", "domain_auroc",
    ),
    "performance": (
        "roc_auc", "pr_auc", "log_loss", "brier", "calibration_error", "calibration_gap", "accuracy", "precision",
        "recall", "f1", "specificity", "positive_share", "macro_precision", "macro_recall", "macro_f1", "mae", "rmse",
        "bias", "r2", "label_coverage",
    ),
    "estimate": (
        "estimated_roc_auc", "estimated_pr_auc", "estimated_accuracy", "estimated_precision", "estimated_recall",
        "estimated_f1", "estimated_specificity",
    ),
    "fairness": (
        "selection_rate", "tpr", "fpr", "fnr", "tnr", "ppv", "npv", "base_rate", "demographic_parity_difference",
        "demographic_parity_ratio", "equal_opportunity_difference", "equal_opportunity_ratio",
        "equalised_odds_difference", "equalised_odds_ratio", "predictive_parity_difference",
        "predictive_parity_ratio", "group_calibration", "group_calibration_difference",
    ),
    "service": ("latency_p50", "latency_p95", "latency_p99", "error_rate", "availability", "throughput"),
    "business": ("kpi", "roi", "kpi_trend", "kpi_trend_p"),
    "measurement": ("mean",),
}  # fmt: skip
PARTS: Mapping[str, Sequence[str]] = {
    "data_quality": ("numeric", "categorical", "prediction", "measurement", "resource"),
    "drift": ("numeric", "categorical", "prediction", "measurement", "resource", "output", "sample"),
    "performance": ("output", "confusion", "errors", "rows"),
    "estimate": ("output",),
    "fairness": ("output", "errors"),
    "service": ("service", "resource"),
    "business": ("kpi",),
    "measurement": ("measurement",),
}
METRICS: Mapping[str, str] = {metric: category for category, names in _BY_CATEGORY.items() for metric in names}
GIVEN: Mapping[tuple[str, str], frozenset[str]] = {  # where a kind of part gives only some numbers of its category
    ("drift", "numeric"): frozenset(_BY_CATEGORY["drift"]) - {"domain_auroc", "label_drift_p", "label_drift_effect"},
    ("drift", "prediction"): frozenset(_BY_CATEGORY["drift"]) - {"domain_auroc", "label_drift_p", "label_drift_effect"},
    ("drift", "categorical"): frozenset(_BY_CATEGORY["drift"]) - {"domain_auroc", "ks", "wasserstein"},
    ("drift", "output"): frozenset(_BY_CATEGORY["drift"]) - {"domain_auroc", "ks", "wasserstein"},
    ("business", "kpi"): frozenset({"kpi", "roi"}),
    ("performance", "rows"): frozenset({"label_coverage"}),
    ("performance", "output"): frozenset(_BY_CATEGORY["performance"]) - {"label_coverage", "mae", "rmse", "bias", "r2"},
}
