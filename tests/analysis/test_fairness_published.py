"""Figures that others published, from the rows they published them on."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.analysis.fairness import Fairness, fairness
from tests.analysis.rows import output, with_thresholds

ROOT = Path(__file__).parents[2]
COMPAS = ROOT / "tests/fixtures/published/compas.parquet"
SOURCE = ROOT / "data/demo/source"
EDGES = with_thresholds([0.25, 0.75], (0.5,))


def judged(decisions, labels, groups, **choices) -> Fairness:
    """Decisions of 0 and 1 taken as scores, cut at a half."""
    decisions, labels, groups = (np.asarray(column) for column in (decisions, labels, groups))
    outputs = {
        str(name): output(decisions[groups == name], labels[groups == name], EDGES) for name in pd.unique(groups)
    }
    return fairness(outputs, EDGES, 0.5, **choices)


def told(found: Fairness, criterion: str):
    return next(one for one in found.parities if one.criterion == criterion)


@pytest.fixture(scope="module")
def compas() -> pd.DataFrame:
    rows = pd.read_parquet(COMPAS)
    assert len(rows) == 7_214
    return rows.assign(flagged=(rows["score_text"] != "Low").astype(int))


@pytest.mark.parametrize(
    ("race", "cells", "fpr", "fnr"),
    [
        ("African-American", (990, 805, 532, 1369), 0.4485, 0.2799),
        ("Caucasian", (1139, 349, 461, 505), 0.2345, 0.4772),
        ("everyone", (2681, 1282, 1216, 2035), 0.3235, 0.3740),
    ],
)
def test_compas_error_rates_of_propublica(compas: pd.DataFrame, race: str, cells, fpr: float, fnr: float) -> None:
    groups = compas["race"] if race != "everyone" else np.full(len(compas), race)
    found = judged(compas["flagged"], compas["two_year_recid"], groups, favourable="negative")
    rates = next(one for one in found.rates if one.group == race)
    negative_right, false_alarms, missed, found_out = cells
    assert (rates.fpr.n, rates.fnr.n) == (negative_right + false_alarms, missed + found_out)
    assert rates.fpr.value == pytest.approx(false_alarms / (negative_right + false_alarms), abs=1e-12)
    assert rates.fnr.value == pytest.approx(missed / (missed + found_out), abs=1e-12)
    assert round(rates.fpr.value, 4) == fpr
    assert round(rates.fnr.value, 4) == fnr
    assert rates.selection_rate.value == pytest.approx((negative_right + missed) / sum(cells), abs=1e-12)


def test_compas_from_the_deciles_themselves(compas: pd.DataFrame) -> None:
    """score_text is Low up to decile 4: the same rates from a score with ten values and a threshold of 5."""
    edges = with_thresholds(np.arange(1.5, 10), (5.0,))
    black = compas[compas["race"] == "African-American"]
    profile = output(black["decile_score"], black["two_year_recid"], edges)
    (rates,) = fairness({"Black": profile}, edges, 5.0).rates
    assert round(rates.fpr.value, 4) == 0.4485
    assert round(rates.fnr.value, 4) == 0.2799


def test_compas_black_less_white(compas: pd.DataFrame) -> None:
    """With "flagged" counted as the decision, as Fairlearn would."""
    two = compas[compas["race"].isin(["African-American", "Caucasian"])]
    found = judged(two["flagged"], two["two_year_recid"], two["race"], against="Caucasian")
    parity, odds = told(found, "demographic_parity"), told(found, "equalised_odds")
    assert parity.comparisons[0].difference.value == pytest.approx(0.240200, abs=5e-7)
    assert parity.spread.difference.value == pytest.approx(0.240200, abs=5e-7)
    assert odds.spread.difference.value == pytest.approx(0.213925, abs=5e-7)
    assert odds.comparisons[0].difference.value == pytest.approx(0.213925, abs=5e-7)
    assert odds.spread.as_wide == 0.0


def test_compas_disparities_of_aequitas(compas: pd.DataFrame) -> None:
    rates = {
        one.group: one
        for one in judged(compas["flagged"], compas["two_year_recid"], compas["race"], favourable="negative").rates
    }
    black, white, hispanic = rates["African-American"], rates["Caucasian"], rates["Hispanic"]
    assert white.fpr.value / black.fpr.value == pytest.approx(0.522987, abs=5e-7)
    assert black.fpr.value / hispanic.fpr.value == pytest.approx(2.087696, abs=5e-7)
    assert black.fnr.value / hispanic.fnr.value == pytest.approx(0.503301, abs=5e-7)
    by_hispanic = judged(
        compas["flagged"], compas["two_year_recid"], compas["race"], favourable="positive", against="Hispanic"
    )
    odds = next(one for one in told(by_hispanic, "equalised_odds").comparisons if one.group == "African-American")
    assert odds.parts[1].rate == "fpr"
    assert odds.parts[1].ratio.value == pytest.approx(2.087696, abs=5e-7)


def test_fairlearns_eighteen_rows() -> None:
    """User guide, "Performing a Fairness Assessment" and "Common fairness metrics"."""
    labels = [0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    decisions = [0, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0]
    groups = list("bbabbcccaacabccbcc")
    (overall,) = judged(decisions, labels, ["all"] * 18).rates
    assert overall.tpr.value == 0.5
    assert round(overall.fpr.value, 6) == 0.666667
    assert round(overall.selection_rate.value, 6) == 0.555556
    found = judged(decisions, labels, groups)
    rates = {one.group: (one.tpr.value, one.fpr.value, one.selection_rate.value, one.rows) for one in found.rates}
    assert rates["a"] == (0.5, 1.0, 0.75, 4)
    assert rates["b"] == (0.6, 0.0, 0.5, 6)
    assert rates["c"] == pytest.approx((0.4, 2 / 3, 0.5, 8))
    assert told(found, "equal_opportunity").spread.difference.value == pytest.approx(0.20, abs=1e-12)
    assert told(found, "equalised_odds").spread.difference.value == 1.0
    assert told(found, "equalised_odds").spread.ratio.value == 0.0
    assert told(found, "demographic_parity").spread.difference.value == 0.25
    assert told(found, "demographic_parity").spread.ratio.value == pytest.approx(2 / 3)
    assert told(found, "demographic_parity").spread.as_wide > 0.5


def test_german_credit_of_aif360() -> None:
    """Mean difference of the data itself: good credit, under 25 less the others."""
    rows = pd.read_parquet(SOURCE / "german_credit.parquet").sort_values("id")
    good, old = (rows["outcome"] == 1).to_numpy(), np.where(rows["age"] >= 25, "25 and over", "under 25")
    seventy = np.random.RandomState(0).permutation(1_000)[:700]  # as after np.random.seed(0)
    for chosen, expected in ((seventy, -0.169905), (slice(None), -0.128550)):
        found = told(judged(good[chosen], good[chosen], old[chosen], against="25 and over"), "demographic_parity")
        assert found.comparisons[0].group == "under 25"
        assert found.comparisons[0].difference.value == pytest.approx(expected, abs=5e-7)
        assert found.comparisons[0].difference.high < 0


def test_adult_incomes_by_sex() -> None:
    rows = pd.read_parquet(SOURCE / "adult_income.parquet")
    assert len(rows) == 48_842
    rich = (rows["income"] == ">50K").to_numpy()
    rates = {one.group: one.base_rate for one in judged(rich, rich, rows["sex"]).rates}
    assert rates["Male"].value == pytest.approx(0.303767, abs=5e-7)
    assert rates["Female"].value == pytest.approx(0.109251, abs=5e-7)
    assert rates["Male"].low < 0.303767 < rates["Male"].high
