"""Fixtures that every test may use, and how hard Hypothesis tries."""

import os

from hypothesis import settings

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

pytest_plugins = [
    "tests.mlflow_fixtures", "tests.mlflow_server", "tests.serving", "tests.houses", "tests.ledgers", "tests.people",
    "tests.e2e.browser",
]  # fmt: skip

settings.register_profile("default", deadline=None)
settings.register_profile("soak", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
