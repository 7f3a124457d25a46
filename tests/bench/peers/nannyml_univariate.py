"""NannyML's univariate drift of a log against its reference, by day. Run in NannyML's own environment: FOLDER."""

import os
import sys
import warnings

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # it would reach outside

import nannyml
from clock import CATEGORICAL, NUMERIC, read, tell, timed

warnings.simplefilter("ignore")


def drift(reference, log):
    """One row a day: Jensen-Shannon and Kolmogorov-Smirnov of numbers, Jensen-Shannon and chi-square of categories."""
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=NUMERIC + CATEGORICAL,
        treat_as_categorical=CATEGORICAL,
        timestamp_column_name="ts",
        continuous_methods=["jensen_shannon", "kolmogorov_smirnov"],
        categorical_methods=["jensen_shannon", "chi2"],
        chunk_period="D",
    )
    return calculator.fit(reference).calculate(log).filter(period="analysis").to_df()


reference, log, reading = read(sys.argv[1], ["ts", *NUMERIC, *CATEGORICAL])
_, warming = timed(lambda: drift(reference, log.iloc[:: len(log) // 20_000]))
found, working = timed(lambda: drift(reference, log))
tell("nannyml", rows=len(log), reading_s=reading, warming_s=warming, working_s=working, days=len(found))
