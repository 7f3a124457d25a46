"""What the demo bank trains: the recipe of every registered version, and the people and places of its runs.

People, teams and repository addresses are invented; recipes are fitted for real.
"""

from dataclasses import replace

from data.demo.training import Recipe

LEAD, SCIENTIST, ENGINEER, RISK, CARS_TEAM, ROBOT = (
    "a.lindqvist", "m.okafor", "j.baumann", "s.iyer", "t.moreau", "svc-nightly",
)  # fmt: skip
REPOSITORY = "https://git.example.com/bank/{project}.git"
JOB_SCRIPT = "jobs/train_all.py"
BUCKET = "s3://bank-mlflow"


def boosted(*, rate: float, rounds: int, leaves: int, **more: object) -> Recipe:
    """A boosting classifier; `more` holds further fields of Recipe, and `least` the smallest leaf."""
    least = more.pop("least", 20)
    penalty = more.pop("l2", 0.0)
    settings = {
        "learning_rate": rate, "max_iter": rounds, "max_leaf_nodes": leaves, "min_samples_leaf": least,
        "l2_regularization": penalty, "early_stopping": False,
    }  # fmt: skip
    return Recipe(estimator="boosting", settings=settings, **more)  # type: ignore[arg-type]


def linear(strength: float, **more: object) -> Recipe:
    """A logistic regression with inverse regularisation `strength`."""
    return Recipe(estimator="logistic", settings={"C": strength, "max_iter": 500}, **more)  # type: ignore[arg-type]


def priced(*, rate: float, rounds: int, leaves: int, **more: object) -> Recipe:
    """A boosting regressor."""
    settings = {"learning_rate": rate, "max_iter": rounds, "max_leaf_nodes": leaves, "early_stopping": False}
    return Recipe(estimator="boosting_regressor", settings=settings, **more)  # type: ignore[arg-type]


FOREST = Recipe(
    estimator="forest", settings={"n_estimators": 40, "max_leaf_nodes": 40, "max_features": 0.8}, rows=4_000, seed=3
)

LARGE = boosted(rate=0.05, rounds=100, leaves=15, least=60, l2=5.0, rows=16_000, seed=2)

CREDIT = {
    "v1": linear(1.0, protected=("SEX", "MARRIAGE", "EDUCATION"), rows=4_000),
    "v2": linear(0.1, rows=8_000),
    "v3": boosted(rate=0.1, rounds=50, leaves=7, rows=8_000, seed=1),
    "v4": FOREST,
    "v5": replace(LARGE, protected=("EDUCATION", "AGE")),
    "v7": LARGE,
}
CONSUMER = {
    "v1": linear(10.0, protected=("age", "status_sex"), rows=500),
    "v2": linear(0.1, rows=500),
    "v3": boosted(rate=0.1, rounds=60, leaves=7, rows=500, protected=("age",), seed=4),
    "v4": boosted(rate=0.05, rounds=60, leaves=4, rows=500, seed=4),
}
EMPLOYMENT = {
    "v1": linear(1.0, protected=("AGEP", "SEX"), rows=8_000),
    "v2": boosted(rate=0.1, rounds=50, leaves=7, rows=8_000, protected=("AGEP",)),
    "v3": boosted(rate=0.1, rounds=60, leaves=15, rows=12_000),
    "v4": boosted(rate=0.05, rounds=100, leaves=15, least=40, rows=12_000, protected=("AGEP", "SEX", "RAC1P"), seed=5),
}
CAR = {
    "v1": Recipe(estimator="ridge", settings={"alpha": 1.0}),
    "v2": priced(rate=0.3, rounds=40, leaves=7, rows=6_000),
    "v3": priced(rate=0.1, rounds=80, leaves=15, rows=10_000),
    "v4": priced(rate=0.1, rounds=120, leaves=15, rows=13_000, seed=1),
    "v5": priced(rate=0.05, rounds=150, leaves=15, rows=13_000, seed=1),
}
INCOME = {
    "v1": linear(1.0, rows=8_000),
    "v2": boosted(rate=0.1, rounds=60, leaves=15, rows=8_000),
    "v3": boosted(rate=0.1, rounds=60, leaves=15, rows=14_000),
    "v4": boosted(rate=0.1, rounds=80, leaves=15, rows=20_000, protected=("sex", "race")),
    "v5": boosted(rate=0.1, rounds=80, leaves=15, rows=20_000),
}
RELEASED = {
    "credit-risk": ("taiwan_credit", CREDIT),
    "consumer-loan": ("german_credit", CONSUMER),
    "employment-screen": ("ma_employment", EMPLOYMENT),
    "car-price": ("car_price", CAR),
    "income-band": ("adult_income", INCOME),
}


def seeded(recipe: Recipe, seed: int) -> Recipe:
    """The same recipe on another draw of training rows."""
    return replace(recipe, seed=seed)
