"""Campaigns of the lending teams: `credit_risk` on Taiwan's card holders, `consumer_loan` on German credit."""

import hashlib
from dataclasses import replace
from itertools import product

import numpy as np

from data.demo.datasets import GERMAN, TAIWAN
from data.demo.recipes import CONSUMER, CREDIT, ENGINEER, JOB_SCRIPT, LEAD, RISK, SCIENTIST, boosted, linear
from data.demo.recorder import Origin, Recorder, StillRunning
from data.demo.registry import House
from data.demo.training import Recipe, fit_by_epochs, fit_by_rounds
from data.demo.trials import repeat, sweep, traced, trial

CREDIT_TAGS = {"team": "retail-credit", "domain": "lending"}
NOTEBOOK = Origin(project="credit-risk", user=LEAD, kind="NOTEBOOK", script="notebooks/credit_baseline.ipynb")
LOCAL = Origin(project="credit-risk", user=LEAD, kind="LOCAL", script="training.py")
SWEEP = Origin(project="credit-risk", user=SCIENTIST, kind="JOB", script=JOB_SCRIPT)
BRANCH = Origin(project="credit-risk", user=RISK, kind="LOCAL", script="training.py", branch="feature/fairness")
LOAN = Origin(project="consumer-loan", user=RISK, kind="LOCAL", script="training.py")
LOAN_NOTEBOOK = Origin(project="consumer-loan", user=RISK, kind="NOTEBOOK", script="notebooks/german.ipynb")
LOAN_JOB = Origin(project="consumer-loan", user=ENGINEER, kind="JOB", script=JOB_SCRIPT)


def credit_baseline(rec: Recorder) -> str:
    """Linear models and a forest, by hand; some mistakes. Returns the experiment's id."""
    rec.at("2026-08-31 08:40")
    experiment = rec.experiment("credit-risk/baseline", CREDIT_TAGS | {"mlflow.note.content": "First linear models."})
    tags = {"team": "retail-credit", "purpose": "baseline", "phase": "exploration"}
    everything = TAIWAN.protected
    for number, (strength, columns) in enumerate(product((0.001, 0.01, 0.1, 1.0, 10.0), ((), everything))):
        recipe = linear(strength, protected=columns, rows=4_000)
        rec.run(experiment, f"logit-{number:02d}", NOTEBOOK, trial(TAIWAN, recipe), params=recipe.params(), tags=tags)
    rec.at("2026-09-01 09:15")
    wrong = (
        replace(linear(1.0), settings={"C": 1.0, "l1_ratio": 1.0, "solver": "lbfgs"}),
        replace(linear(1.0), extra=("PAY_1",)),  # the table goes from PAY_0 to PAY_2
        linear(-1.0),
    )
    for number, recipe in enumerate(wrong):
        rec.run(experiment, f"attempt-{number}", LOCAL, trial(TAIWAN, recipe), params=recipe.params(), tags=tags)
    rec.at("2026-09-02 13:05")
    for leaves in (10, 40, 160):
        recipe = Recipe(estimator="forest", settings={"n_estimators": 40, "max_leaf_nodes": leaves}, rows=6_000)
        rec.run(experiment, f"forest-{leaves}", LOCAL, trial(TAIWAN, recipe), params=recipe.params(), tags=tags)
    rec.at("2026-09-04 15:20")
    for rate in (1e-4, 1e-2):
        settings = {"loss": "log_loss", "alpha": 1e-4, "learning_rate": "constant", "eta0": rate}
        recipe = Recipe(estimator="sgd", settings=settings, rows=6_000)
        for name, epochs, stop in (("sgd", 40, None), ("sgd-impatient", 40, 12)):
            points = fit_by_epochs(TAIWAN, recipe, epochs=epochs, into=[])
            rec.run(
                experiment, f"{name}-{rate:g}", LOCAL, traced(points, stop=stop),
                params=recipe.params() | {"epochs": str(epochs)}, tags=tags,
            )  # fmt: skip
    return experiment


def credit_sweeps(rec: Recorder) -> None:
    """Three searches over boosting, each nested under its parent."""
    rec.at("2026-09-14 09:10")
    note = {"mlflow.note.content": "Where boosting pays."}
    experiment = rec.experiment("credit-risk/boosting-sweep", CREDIT_TAGS | note)
    tags = {"team": "retail-credit", "purpose": "sweep", "phase": "exploration"}
    grid = [
        boosted(rate=rate, rounds=80, leaves=leaves)
        for rate, leaves in product((0.01, 0.03, 0.05, 0.1, 0.2, 0.4, 1.0), (4, 7, 15, 31))
    ]
    grid.append(boosted(rate=0.1, rounds=80, leaves=1))  # refused by scikit-learn
    sweep(rec, experiment, "grid-rate-leaves", SWEEP, TAIWAN, grid, tags=tags)
    rec.at("2026-10-06 10:00")
    draw = np.random.default_rng(7)
    random = [
        boosted(
            rate=round(float(10 ** draw.uniform(-2.2, -0.2)), 4), rounds=int(draw.integers(30, 200)),
            leaves=int(draw.integers(3, 40)), least=int(draw.integers(5, 200)),
            l2=round(float(10 ** draw.uniform(-2, 2)), 3), protected=TAIWAN.protected if draw.random() < 0.4 else (),
        )
        for _ in range(22)
    ]  # fmt: skip
    random.append(boosted(rate=-0.05, rounds=80, leaves=15))
    found = sweep(rec, experiment, "random-22", BRANCH, TAIWAN, random, tags=tags | {"purpose": "fairness sweep"})
    rec.at("2026-10-27 11:30")
    more = [
        boosted(rate=0.05, rounds=rounds, leaves=15, least=least, l2=5.0, rows=16_000)
        for rounds, least in product((40, 80, 120, 200), (20, 60, 120))
    ]
    sweep(rec, experiment, "more-rows", SWEEP, TAIWAN, more, tags=tags)
    for live in found[3:6]:
        rec.client.delete_run(live.run_id)
        rec.stamps.append(("runs", live.run_id, live.end_ms + 86_400_000))


def credit_seeds(rec: Recorder) -> None:
    """The finalists over seven draws of their training rows, with histories; two runs cut short."""
    rec.at("2026-09-21 08:50")
    experiment = rec.experiment("credit-risk/seeds", CREDIT_TAGS | {"mlflow.note.content": "How much is luck?"})
    tags = {"team": "retail-credit", "purpose": "seeds", "phase": "candidate"}
    repeat(rec, experiment, "linear", LOCAL, TAIWAN, CREDIT["v2"], seeds=7, tags=tags)
    repeat(rec, experiment, "champion", LOCAL, TAIWAN, CREDIT["v3"], seeds=7, tags=tags, every=2)
    rec.at("2026-11-06 13:40")
    repeat(rec, experiment, "challenger", SWEEP, TAIWAN, CREDIT["v5"], seeds=7, tags=tags, every=5)
    repeat(rec, experiment, "challenger-blind", SWEEP, TAIWAN, CREDIT["v7"], seeds=5, tags=tags)
    rec.run(
        experiment, "challenger-too-slow", SWEEP, trial(TAIWAN, CREDIT["v5"], every=5, stop=45),
        params=CREDIT["v5"].params(), tags=tags,
    )  # fmt: skip
    rec.at("2026-11-19 17:55")
    long = boosted(rate=0.01, rounds=400, leaves=15, least=60, rows=16_000)
    rec.run(
        experiment, "overnight-slow-rate", SWEEP,
        traced(fit_by_rounds(TAIWAN, long, every=20, into=[]), stop=160, by=StillRunning),
        params=long.params(), tags=tags,
    )  # fmt: skip


def credit_releases(rec: Recorder, baseline: str) -> None:
    """Seven versions of `credit_risk`: aliases champion and challenger."""
    rec.at("2026-09-07 10:05")
    house = House(
        recorder=rec, model="credit_risk", task=TAIWAN, experiment=baseline,
        about="Probability that a card holder defaults next month. Approved below 0.3.",
        tags={"team": "retail-credit", "tier": "high", "protected": "sex,age,education,marriage"},
    ).open()  # fmt: skip
    house.release(
        CREDIT["v1"], NOTEBOOK, about="First scorecard, from a notebook. Uses sex and marriage.", lineage=(),
        tags={"validation_status": "rejected", "validated_by": RISK},
    )  # fmt: skip
    rec.at("2026-09-10 14:30")
    house.release(
        CREDIT["v2"], LOCAL, about="Scorecard without protected attributes.", lineage=("data",),
        tags={"validation_status": "approved", "validated_by": RISK},
    )  # fmt: skip
    rec.at("2026-09-23 11:10")
    house.release(
        CREDIT["v3"], LOCAL, about="Small boosting model; in production since 2026-09-28.", every=2,
        tags={"validation_status": "approved", "validated_by": RISK},
    )  # fmt: skip
    rec.at("2026-10-08 09:40")
    house.release(
        CREDIT["v4"], SWEEP, about="Forest; slower, no better. Its run was deleted later.", lineage=("environment",),
        tags={"validation_status": "rejected"},
    )  # fmt: skip
    rec.at("2026-11-10 10:20")
    house.release(
        CREDIT["v5"], SWEEP, about="Twice the rows, and education and age as features.", every=5,
        tags={"validation_status": "pending"},
    )  # fmt: skip
    rec.at("2026-11-13 12:00")
    house.adopt(
        "s3://vendor-drop/scorex/2026-11/model", about="Vendor model under evaluation; delivered without a run.",
        tags={"validation_status": "pending", "vendor": "ScoreX (invented)"},
    )  # fmt: skip
    rec.at("2026-11-18 15:45")
    digest = hashlib.sha256("\n".join(rec.pins).encode()).hexdigest()  # no image was built: simulated, and tagged so
    house.release(
        CREDIT["v7"], SWEEP, about="Version 5 without protected attributes.",
        tags={
            "validation_status": "pending", "docker.simulated": "true",
            "docker.image": f"registry.example.com/credit-risk@sha256:{digest}",
        },
    )  # fmt: skip
    house.alias(champion="3", challenger="5")
    rec.client.delete_run(house.versions["4"])
    rec.stamps.append(("runs", house.versions["4"], rec.clock_ms))


def consumer(rec: Recorder) -> None:
    """German credit: 1,000 rows, so that noise rules. Aliases production and staging."""
    rec.at("2026-09-08 09:00")
    note = "Small data: look at the spread over seeds before you believe a winner."
    tags = {"team": "consumer-finance", "domain": "lending", "mlflow.note.content": note}
    experiment = rec.experiment("consumer-loan/german-credit", tags)
    marks = {"team": "consumer-finance", "purpose": "sweep", "phase": "exploration"}
    grid = [
        replace(linear(1.0, rows=500), settings={"C": strength, "solver": solver, "l1_ratio": l1, "max_iter": 300})
        for strength, l1, solver in product((0.01, 0.1, 1.0, 10.0), (0.0, 1.0), ("lbfgs", "liblinear"))
    ]  # lbfgs refuses the L1 penalty: four of these fail
    sweep(rec, experiment, "grid-penalty", LOAN_NOTEBOOK, GERMAN, grid, tags=marks)
    rec.at("2026-09-29 10:30")
    boosts = [boosted(rate=r, rounds=n, leaves=4, rows=500) for r, n in product((0.02, 0.05, 0.1, 0.3), (20, 60, 150))]
    sweep(rec, experiment, "grid-boosting", LOAN_JOB, GERMAN, boosts, tags=marks)
    rec.at("2026-10-13 09:20")
    marks = {"team": "consumer-finance", "purpose": "seeds", "phase": "candidate"}
    for name, key in (("linear", "v2"), ("boosted", "v3"), ("boosted-blind", "v4")):
        repeat(rec, experiment, name, LOAN, GERMAN, CONSUMER[key], seeds=8, tags=marks)
    rec.at("2026-09-15 10:00")
    house = House(
        recorder=rec, model="consumer_loan", task=GERMAN, experiment=experiment,
        about="Probability that a consumer loan goes bad.", tags={"team": "consumer-finance", "tier": "high"},
    ).open()  # fmt: skip
    steps = (
        ("v1", "2026-09-15 10:05", LOAN_NOTEBOOK, (), "rejected", "Uses age and sex: not to be deployed."),
        ("v2", "2026-09-25 14:00", LOAN, ("data", "environment"), "approved", "Regularised scorecard."),
        ("v3", "2026-10-20 09:30", LOAN_JOB, ("environment",), "rejected", "Boosted, with age."),
        ("v4", "2026-11-05 16:10", LOAN_JOB, ("data", "environment"), "pending", "Boosted, blind to age and sex."),
    )
    for key, when, origin, lineage, status, about in steps:
        rec.at(when)
        house.release(CONSUMER[key], origin, about=about, lineage=lineage, tags={"validation_status": status})
    house.alias(production="2", staging="4")
