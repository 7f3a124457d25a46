"""Evidently's DataDriftPreset on a log against its reference. Run in Evidently's own environment: FOLDER."""

import sys
import warnings

from clock import CATEGORICAL, NUMERIC, read, tell, timed
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

warnings.simplefilter("ignore")
DEFINITION = DataDefinition(numerical_columns=NUMERIC, categorical_columns=CATEGORICAL)


def drift(reference, log) -> dict:
    """The report as a dictionary: every metric is computed by then."""
    both = [Dataset.from_pandas(frame, data_definition=DEFINITION) for frame in (log, reference)]
    return Report([DataDriftPreset()]).run(*both).dict()


reference, log, reading = read(sys.argv[1], NUMERIC + CATEGORICAL)
_, warming = timed(lambda: drift(reference.head(2_000), log.head(2_000)))
report, working = timed(lambda: drift(reference, log))
drifted = next(m["value"]["count"] for m in report["metrics"] if m["metric_name"].startswith("DriftedColumnsCount"))
tell(
    "evidently",
    rows=len(log),
    reading_s=reading,
    warming_s=warming,
    working_s=working,
    columns=len(report["metrics"]) - 1,
    drifted=drifted,
)
