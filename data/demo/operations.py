"""Campaigns beside lending: employment screening, car prices, income bands, and a scratch experiment."""

from dataclasses import replace
from itertools import product

from data.demo.datasets import ADULT, CARS, EMPLOYMENT
from data.demo.lending import NOTEBOOK
from data.demo.recipes import (
    CAR,
    CARS_TEAM,
    ENGINEER,
    INCOME,
    JOB_SCRIPT,
    LEAD,
    RISK,
    ROBOT,
    SCIENTIST,
    boosted,
    linear,
    priced,
)
from data.demo.recipes import (
    EMPLOYMENT as SCREEN,
)
from data.demo.recorder import Origin, Recorder, StillRunning
from data.demo.registry import House
from data.demo.training import Recipe, descend, fit_by_epochs, fit_by_rounds
from data.demo.trials import repeat, sweep, traced, trial

SCREEN_LOCAL = Origin(project="employment-screen", user=RISK, kind="LOCAL", script="training.py")
SCREEN_JOB = Origin(project="employment-screen", user=ENGINEER, kind="JOB", script=JOB_SCRIPT)
CAR_LOCAL = Origin(project="car-price", user=CARS_TEAM, kind="LOCAL", script="training.py")
CAR_NOTEBOOK = Origin(project="car-price", user=CARS_TEAM, kind="NOTEBOOK", script="notebooks/descent.ipynb")
CAR_JOB = Origin(project="car-price", user=ENGINEER, kind="JOB", script=JOB_SCRIPT)
NIGHTLY = Origin(project="income-band", user=ROBOT, kind="JOB", script=JOB_SCRIPT)
INCOME_LOCAL = Origin(project="income-band", user=SCIENTIST, kind="LOCAL", script="training.py")


def employment(rec: Recorder) -> None:
    """Trained on 2015, tested on 2016, and looked back at over 2016 to 2018. Aliases champion and candidate."""
    rec.at("2026-09-16 08:30")
    note = "Age carries the signal, and age is protected."
    tags = {"team": "onboarding", "domain": "screening", "mlflow.note.content": note}
    experiment = rec.experiment("employment-screen/acs", tags)
    marks = {"team": "onboarding", "purpose": "ablation", "phase": "exploration"}
    for number, columns in enumerate(((), ("AGEP",), ("SEX",), ("RAC1P",), ("AGEP", "SEX"), ("AGEP", "SEX", "RAC1P"))):
        recipe = boosted(rate=0.1, rounds=60, leaves=15, protected=columns)
        rec.run(
            experiment, f"ablation-{number}", SCREEN_LOCAL, trial(EMPLOYMENT, recipe, full=True),
            params=recipe.params(), tags=marks,
        )  # fmt: skip
    rec.at("2026-10-01 09:45")
    grid = [
        boosted(rate=rate, rounds=rounds, leaves=15, protected=("AGEP",))
        for rate, rounds in product((0.02, 0.05, 0.1, 0.3), (30, 60, 120, 240))
    ]
    sweep(rec, experiment, "grid-rate-rounds", SCREEN_JOB, EMPLOYMENT, grid, tags=marks | {"purpose": "sweep"})
    rec.at("2026-10-22 10:15")
    repeat(
        rec, experiment, "finalist", SCREEN_JOB, EMPLOYMENT, SCREEN["v4"], seeds=6,
        tags=marks | {"purpose": "seeds", "phase": "candidate"},
    )  # fmt: skip
    rec.at("2026-10-23 09:05")
    missing = replace(linear(1.0), extra=("WAGP",))  # wages are in the survey, not in this extract
    rec.run(experiment, "with-wages", SCREEN_LOCAL, trial(EMPLOYMENT, missing), params=missing.params(), tags=marks)
    rec.at("2026-09-17 10:00")
    house = House(
        recorder=rec, model="employment_screen", task=EMPLOYMENT, experiment=experiment,
        about="Plausibility of a stated employment. Trained on the American Community Survey, Massachusetts, 2015.",
        tags={"team": "onboarding", "tier": "high"},
    ).open()  # fmt: skip
    steps = (
        ("v1", "2026-09-17 10:10", SCREEN_LOCAL, ("data",), "approved", "Scorecard with age and sex."),
        ("v2", "2026-10-02 14:25", SCREEN_JOB, ("data", "environment"), "approved", "Boosted, with age."),
        ("v3", "2026-10-19 11:50", SCREEN_JOB, ("data", "environment"), "rejected", "Without any protected attribute."),
        ("v4", "2026-11-12 09:35", SCREEN_JOB, ("environment",), "pending", "All attributes, more rows."),
    )
    for key, when, origin, lineage, status, about in steps:
        rec.at(when)
        house.release(SCREEN[key], origin, about=about, lineage=lineage, tags={"validation_status": status})
    house.alias(champion="2", candidate="4")


def cars(rec: Recorder) -> None:
    """Regression on synthetic prices; descent that diverges for real; MLflow's old stages."""
    rec.at("2026-09-09 09:30")
    experiment = rec.experiment("car-price/descent", {"team": "motor", "mlflow.note.content": "Losses in (1,000)^2."})
    marks = {"team": "motor", "purpose": "learning rate", "phase": "exploration"}
    plain = Recipe(estimator="ridge", rows=4_000)
    tries = [(rate, True) for rate in (0.001, 0.003, 0.01, 0.03, 0.1, 0.4, 1.0)] + [(0.001, False), (0.1, False)]
    for rate, scaled in tries:
        name = f"descent-{rate:g}" + ("" if scaled else "-unscaled")
        rec.run(
            experiment, name, CAR_NOTEBOOK,
            traced(descend(CARS, plain, epochs=60, rate=rate, scaled=scaled)),
            params={"estimator": "gradient_descent", "rate": str(rate), "momentum": "0.9", "scaled": str(scaled)},
            tags=marks,
        )  # fmt: skip
    for rate in (0.001, 0.1, 1e6):
        settings = {"learning_rate": "constant", "eta0": rate, "loss": "squared_error"}
        recipe = Recipe(estimator="sgd_regressor", settings=settings, rows=4_000)
        rec.run(
            experiment, f"sgd-{rate:g}", CAR_LOCAL,
            traced(fit_by_epochs(CARS, recipe, epochs=40, into=[])),
            params=recipe.params() | {"epochs": "40"}, tags=marks,
        )  # fmt: skip
    rec.at("2026-09-30 10:40")
    experiment = rec.experiment("car-price/boosting", {"team": "motor", "mlflow.note.content": "Synthetic data."})
    marks = {"team": "motor", "purpose": "sweep", "phase": "exploration"}
    grid = [priced(rate=r, rounds=60, leaves=n, rows=8_000) for r, n in product((0.03, 0.1, 0.3, 1.0), (4, 15, 60))]
    grid.append(replace(grid[0], settings=grid[0].settings | {"loss": "huber"}))  # not a loss of this estimator
    sweep(rec, experiment, "grid-rate-leaves", CAR_JOB, CARS, grid, tags=marks, best="valid.rmse")
    rec.at("2026-10-15 13:30")
    repeat(
        rec, experiment, "finalist", CAR_JOB, CARS, CAR["v3"], seeds=5,
        tags=marks | {"purpose": "seeds", "phase": "candidate"}, every=4,
    )  # fmt: skip
    _car_releases(rec, experiment)


def _car_releases(rec: Recorder, experiment: str) -> None:
    rec.at("2026-09-18 09:00")
    house = House(
        recorder=rec, model="car_price", task=CARS, experiment=experiment,
        about="Resale price of a leased car. Trained on synthetic data.", tags={"team": "motor", "tier": "low"},
    ).open()  # fmt: skip
    steps = (
        ("v1", "2026-10-01 09:10", CAR_NOTEBOOK, (), "Ridge."),
        ("v2", "2026-10-09 10:00", CAR_LOCAL, ("data",), "First boosting."),
        ("v3", "2026-10-21 15:15", CAR_JOB, ("data", "environment"), "Slower rate, deeper trees."),
        ("v4", "2026-11-09 11:25", CAR_JOB, ("data", "environment"), "More rows, more rounds."),
        ("v5", "2026-11-17 14:05", CAR_LOCAL, ("data", "environment"), "Half the rate."),
    )
    for key, when, origin, lineage, about in steps:
        rec.at(when)
        status = "approved" if key in ("v2", "v3") else "pending"
        house.release(CAR[key], origin, about=about, lineage=lineage, tags={"validation_status": status})
    house.stage(Staging="4", Production="3")
    for version in ("1", "2"):
        house.stage(Archived=version)


def income(rec: Recorder) -> None:
    """A nightly job over growing data, a sweep, and one registered name per stage."""
    tags = {"team": "marketing-analytics", "mlflow.note.content": "Retrained every second night."}
    rec.at("2026-09-04 02:00")
    experiment = rec.experiment("income-band/nightly", tags)
    marks = {"team": "marketing-analytics", "purpose": "nightly", "phase": "release"}
    for night in range(38):
        month, day = divmod(night * 2 + 3, 30)
        rec.at(f"2026-{9 + month:02d}-{day + 1:02d} 02:00")
        recipe = boosted(rate=0.1, rounds=60, leaves=15, rows=6_000 + 500 * night, seed=night)
        work = trial(ADULT, recipe, full=night % 6 == 0)
        if night in (11, 12):  # a column of text reached the numbers
            recipe = replace(recipe, extra=("education",))
            work = trial(ADULT, recipe)
        elif night == 23:
            work = trial(ADULT, recipe, every=4, stop=20)
        rec.run(experiment, f"nightly-{night:02d}", NIGHTLY, work, params=recipe.params(), tags=marks)
    rec.at("2026-11-20 02:00")
    recipe = boosted(rate=0.1, rounds=60, leaves=15, rows=25_000, seed=38)
    for name, stop in (("nightly-38", 36), ("nightly-38-retry", 4)):
        unfinished = traced(fit_by_rounds(ADULT, recipe, every=4, into=[]), stop=stop, by=StillRunning)
        rec.run(experiment, name, NIGHTLY, unfinished, params=recipe.params(), tags=marks)
    rec.at("2026-10-12 09:00")
    search = rec.experiment("income-band/sweep", {"team": "marketing-analytics"})
    marks = {"team": "marketing-analytics", "purpose": "sweep", "phase": "exploration"}
    grid = [
        boosted(rate=rate, rounds=60, leaves=leaves, rows=8_000)
        for rate, leaves in product((0.02, 0.05, 0.1, 0.2, 0.5), (4, 15, 60))
    ]
    sweep(rec, search, "grid-rate-leaves", INCOME_LOCAL, ADULT, grid, tags=marks)
    _income_releases(rec, search)


def _income_releases(rec: Recorder, experiment: str) -> None:
    rec.at("2026-10-13 10:00")
    about, tags = "Income above 50,000 a year, for offers.", {"team": "marketing-analytics", "tier": "medium"}
    develop, live = (
        House(recorder=rec, model=name, task=ADULT, experiment=experiment, about=about, tags=tags).open()
        for name in ("dev.income_band", "prod.income_band")
    )
    days = {"v1": "2026-10-13", "v2": "2026-10-16", "v3": "2026-10-28", "v4": "2026-11-03", "v5": "2026-11-16"}
    for key, day in days.items():
        rec.at(f"{day} 10:30")
        status = "rejected" if key == "v4" else "approved"
        lineage = ("data", "environment") if key != "v1" else ("environment",)
        version = develop.release(INCOME[key], INCOME_LOCAL, about=f"Income band {key}.", lineage=lineage,
                                  tags={"validation_status": status})  # fmt: skip
        if key in ("v2", "v3"):
            rec.at(f"{day} 16:00")
            live.copy(develop, version, tags={"validation_status": "approved", "approved_by": LEAD})


def scratch(rec: Recorder) -> None:
    """An experiment someone tidied away: it and its runs are deleted."""
    rec.at("2026-08-28 16:00")
    experiment = rec.experiment("scratch/first-steps", {"team": "retail-credit"})
    for number, strength in enumerate((0.1, 1.0, 10.0)):
        recipe = linear(strength, rows=2_000)
        rec.run(experiment, f"try-{number}", NOTEBOOK, trial(ADULT, recipe), params=recipe.params())
    rec.client.delete_experiment(experiment)
    rec.stamps.append(("deleted_experiments", experiment, rec.clock_ms + 3 * 86_400_000))
