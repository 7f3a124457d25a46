"""The domain classifier: its area against scikit-learn and DeLong worked out pair by pair, and what it finds."""

import os
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from core.analysis.domain import auroc, domain_drift

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@given(st.lists(st.integers(0, 9), min_size=2, max_size=40), st.lists(st.integers(0, 9), min_size=2, max_size=40))
def test_area_and_variance(ones, zeros):
    truth = np.repeat([1, 0], [len(ones), len(zeros)])
    area, variance = auroc(truth, [*ones, *zeros])
    above = (np.array(ones)[:, None] > np.array(zeros)) + 0.5 * (np.array(ones)[:, None] == np.array(zeros))
    delong = above.mean(axis=1).var(ddof=1) / len(ones) + above.mean(axis=0).var(ddof=1) / len(zeros)
    assert area == pytest.approx(roc_auc_score(truth, [*ones, *zeros]), abs=1e-9)
    assert variance == pytest.approx(delong, abs=1e-9)


def test_area_needs_both_classes():
    with pytest.raises(ValueError, match="two rows of either class, got 3 and 1"):
        auroc([1, 1, 1, 0], [1, 2, 3, 4])


def sample(rng, n, correlation=0.0):
    """Columns that look alike one by one whatever the correlation; one mixed, one empty, one constant, one with inf."""
    a = rng.normal(size=n)
    b = correlation * a + (1 - correlation**2) ** 0.5 * rng.normal(size=n)
    b[rng.random(n) < 0.1] = np.nan
    return {
        "a": a,
        "b": b,
        "kind": np.array(["x", "y", None, float("nan")], dtype=object)[rng.integers(0, 4, n)],
        "many": rng.integers(0, 600, n).astype(str),
        "flag": rng.random(n) < 0.3,
        "empty": np.full(n, np.nan),
        "nothing": np.full(n, None),
        "constant": np.ones(n, int),
        "endless": np.where(rng.random(n) < 0.1, np.inf, 0.5),
    }


def test_turned_correlation_is_found():
    rng = np.random.default_rng(1)
    found = domain_drift(sample(rng, 1000), sample(rng, 600, correlation=0.8))
    assert found.auroc.low > 0.6
    assert found.auroc.low < found.auroc.value < found.auroc.high
    assert (found.auroc.n, found.rows) == (1600, (1000, 600))
    assert {weight.column for weight in found.weights[:2]} == {"a", "b"}
    assert found.weights[1].loss > 5 * abs(found.weights[2].loss)
    assert len(found.weights) == 9


def test_new_category_is_found():
    rng = np.random.default_rng(2)
    before, now = sample(rng, 400), sample(rng, 400)
    now["kind"] = np.where(rng.random(400) < 0.4, "new", now["kind"])
    found = domain_drift(before, now)
    assert found.auroc.low > 0.55
    assert found.weights[0].column == "kind"


def test_missing_values_are_found():
    rng = np.random.default_rng(3)
    now = sample(rng, 400)
    now["a"][rng.random(400) < 0.4] = np.nan
    found = domain_drift(sample(rng, 400), now)
    assert found.auroc.low > 0.55
    assert found.weights[0].column == "a"


def test_same_rows_and_seed_give_the_same_answer():
    rng = np.random.default_rng(4)
    before, now = sample(rng, 200), sample(rng, 200)
    assert domain_drift(before, now, seed=5) == domain_drift(dict(reversed(before.items())), now, seed=5)
    assert domain_drift(before, now, seed=5) != domain_drift(before, now, seed=6)


def test_interval_holds_a_half_without_drift():
    samples = 400 if SOAK else 40
    rows = np.random.default_rng(5).normal(size=(2, samples, 200, 3))
    found = [
        domain_drift(*({"a": side[i, :, 0], "b": side[i, :, 1], "c": side[i, :, 2]} for side in rows)).auroc
        for i in range(samples)
    ]
    assert sum(one.low <= 0.5 <= one.high for one in found) >= stats.binom.ppf(0.005, samples, 0.95)
    assert np.mean([one.value for one in found]) == pytest.approx(0.5, abs=0.16 / samples**0.5)


def test_all_told_apart_and_none_told_apart():
    zeros, ones = {"a": np.zeros(200)}, {"a": np.ones(200)}
    apart = domain_drift(zeros, ones).auroc
    assert (apart.value, apart.high) == (1, 1)
    assert apart.low == pytest.approx(0.025 ** (1 / 200))
    assert domain_drift(zeros, zeros).auroc.value == 0.5


def test_too_few_rows_or_other_columns():
    few = domain_drift({"a": np.zeros(149)}, {"a": np.ones(500)})
    assert (few.auroc.value, few.weights) == (None, ())
    assert few.auroc.why == "Needs 150 rows of either side, has 149 and 500."
    with pytest.raises(ValueError, match="columns must be the same"):
        domain_drift({"a": np.zeros(9)}, {"b": np.zeros(9)})
    with pytest.raises(ValueError, match="columns must be the same"):
        domain_drift({}, {})
