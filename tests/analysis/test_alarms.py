"""Alarms of many columns and windows at once say what one test at a time says; when a column has drifted; cut-offs."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.analysis import alarms, distances
from core.analysis.alarms import Column, Rule, drifted, expected_false_alarms, fixed, judge
from core.analysis.dated import dated_reference
from core.analysis.distances import nested_bins
from core.analysis.drift import alarming, category_draws, drift
from tests.analysis.days import RULE, WITHOUT_FLOOR, day_counts, model_days


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(autouse=True)
def _as_many_draws_as_one_test_makes(monkeypatch):
    monkeypatch.setattr(alarms, "FINENESS", 10**9)


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def value(measured):
    return np.nan if measured.value is None else measured.value


def cells(column, window):
    """Reference and window in the cells that are tested."""
    starts = nested_bins(column.reference) if column.ordered else np.arange(column.reference.size)
    return [np.add.reduceat(side, starts) for side in (column.reference, window)]


@st.composite
def _columns(draw):
    windows = draw(st.integers(0, 4))
    scale = draw(st.sampled_from([3, 40, 3_000]))
    columns = []
    for _ in range(draw(st.integers(1, 4))):
        bins = draw(st.integers(1, 14))
        counts = st.lists(st.integers(0, scale) | st.just(0), min_size=bins, max_size=bins)
        reference = np.array(draw(counts)) * draw(st.sampled_from([0, 1, 20, 20]))
        drawn = np.array([draw(counts) for _ in range(windows)], dtype=np.int64).reshape(windows, bins)
        columns.append(Column(ordered=draw(st.booleans()), reference=reference, windows=drawn))
    return columns


@settings(max_examples=40)
@given(_columns())
def test_all_at_once_say_what_one_at_a_time_says(columns):
    found = judge(columns, RULE)
    assert found.certified
    assert found.why == ""
    for at in range(len(columns[0].windows)):
        single = [
            drift(one.reference, one.windows[at], ordered=one.ordered, draws=category_draws(50)) for one in columns
        ]
        tight = {"rtol": 1e-12, "atol": 1e-12}
        np.testing.assert_allclose(found.p[at], [value(one.p) for one in single], **tight)
        np.testing.assert_allclose(found.effect[at], [value(one.effect) for one in single], **tight)
        assert found.alarm[at].tolist() == alarming(single, alpha=RULE.alpha, floor=RULE.floor)
        assert found.n[at].tolist() == [one.p.n for one in single]
        told = np.isfinite(found.p[at])
        assert found.thin[at][told].tolist() == [bool(one.warning) for one in single if one.p.value is not None]
        for shown, measure in ((found.psi, distances.psi), (found.jensen_shannon, distances.jensen_shannon)):
            told = [value(measure(*cells(one, one.windows[at]))) for one in columns]
            np.testing.assert_allclose(shown[at], told, **tight)


def test_large_category_has_fewer_draws_and_the_same_answer_again(rng):
    reference = np.append(rng.multinomial(9_000, np.full(99, 1 / 99)), 1)
    windows = np.append(rng.multinomial(300, np.full(99, 1 / 99)), 9)[None]
    column = Column(ordered=False, reference=reference, windows=windows)
    found = judge([column], RULE).p
    assert found[0, 0] == drift(reference, windows[0], ordered=False, draws=category_draws(100)).p.value
    assert category_draws(100) == 50_000
    assert found == judge([column], RULE).p


def test_draws_are_as_many_as_alpha_and_the_columns_need(rng, monkeypatch):
    monkeypatch.setattr(alarms, "FINENESS", 20)
    reference, window = np.array([3_000, 40, 2]), np.array([[280, 12, 3]])
    column = Column(ordered=False, reference=reference, windows=window)
    fine = drift(reference, window[0], ordered=False).p.value
    coarse = judge([column] * 3, RULE).p[0, 0]  # 20 x 3 / .01 = 6,000 draws
    assert coarse == pytest.approx(fine, abs=4 * np.sqrt(fine / 6_000) + 1 / 6_000)
    assert coarse * 6_001 == pytest.approx(round(coarse * 6_001), abs=1e-6)


def dated(days, windows):
    return [
        Column(ordered=at % 2 == 0, reference=past.sum(axis=0), windows=now, days=past)
        for at, (past, now) in enumerate(zip(days, windows, strict=True))
    ]


def test_dated_windows_say_what_one_at_a_time_says(rng):
    days, windows = day_counts(rng, 3, 100, 500), day_counts(rng, 3, 12, 500, shift=0.2)
    windows[1, 4] = 0
    found = judge(dated(days, windows), RULE)
    fitted = dated_reference(days, ordered=[True, False, True])
    assert (found.certified, found.why) == (True, "")
    for at in range(12):
        single = fitted.judge(windows[:, at], alpha=RULE.alpha, floor=RULE.floor)
        np.testing.assert_allclose(found.p[at], [value(one) for one in single.p], rtol=1e-12)
        np.testing.assert_allclose(found.effect[at], [value(one) for one in single.effect], rtol=1e-12)
        assert tuple(found.alarm[at]) == single.alarms
    assert np.array_equal(found.adjusted, found.p, equal_nan=True)
    assert found.alarm.any()
    assert np.isnan(found.p[4, 1])


def test_too_few_days_are_judged_as_rows_and_not_certified(rng):
    days, windows = day_counts(rng, 2, 99, 500), day_counts(rng, 2, 5, 500)
    days[:, 50] = 0  # a day without rows tells nothing
    found = judge(dated(days, windows), RULE)
    assert not found.certified
    assert found.why == "Rate not certified: the reference has 98 days, 99 are needed."
    undated = [
        Column(ordered=one.ordered, reference=one.reference, windows=one.windows) for one in dated(days, windows)
    ]
    assert np.array_equal(found.p, judge(undated, RULE).p)
    wider = Rule(alpha=0.05, floor=0.01, at_once=0.25, need=2, of=3)
    assert judge(dated(days, windows), wider).certified


def test_nothing_and_mistakes(rng):
    assert judge([], RULE).alarm.shape == (0, 0)
    assert fixed([], measure="psi", limit=0.1).p.shape == (0, 0)
    (one,) = model_days(rng, 3, 100, features=1)
    assert judge([Column(ordered=True, reference=one.reference, windows=one.windows[:0])], RULE).p.shape == (0, 1)
    short = Column(ordered=True, reference=one.reference, windows=one.windows[:2])
    with pytest.raises(ValueError, match=r"columns\[1\] must have"):
        judge([one, short], RULE)
    with pytest.raises(ValueError, match="all columns or for none"):
        judge([one, Column(ordered=True, reference=one.reference, windows=one.windows, days=one.windows)], RULE)
    with pytest.raises(ValueError, match="need must lie"):
        Rule(alpha=0.01, floor=0.01, at_once=0.25, need=4, of=3)
    with pytest.raises(ValueError, match="alpha must lie"):
        Rule(alpha=0.0, floor=0.01, at_once=0.25, need=2, of=3)
    empty = Column(ordered=True, reference=np.zeros(5, int), windows=np.ones((2, 5), int))
    found = judge([empty], RULE)
    assert np.isnan(found.p).all()
    assert np.isnan(found.psi).all()
    assert not found.alarm.any()


def series(text, effect=0.1):
    """One column: A alarm, - none, . a window without rows, ! an alarm so large that one is enough."""
    alarm = np.array([[sign in "A!"] for sign in text])
    return alarm, np.array([[{"A": effect, "-": 0.3, ".": np.nan, "!": 0.3}[sign]] for sign in text])


@pytest.mark.parametrize(("windows", "drift_in"), [
    ("A-A", "001"),
    ("A--A", "0000"),
    ("AA--", "0110"),
    ("A", "0"),
    ("!--", "100"),
    ("-.A.A", "00001"),
    ("AA.-.-", "011110"),
    ("...", "000"),
    ("", ""),
])  # fmt: skip
def test_drifted_is_two_of_three_or_at_once(windows, drift_in):
    if windows:
        alarm, effect = series(windows)
    else:
        alarm, effect = np.zeros((0, 1), bool), np.zeros((0, 1))
    assert "".join(str(int(one)) for one in drifted(alarm, effect, RULE)[:, 0]) == drift_in


@given(st.lists(st.lists(st.sampled_from("A-.!"), min_size=3, max_size=3), min_size=1, max_size=12))
def test_drifted_columns_do_not_touch_each_other(table):
    parts = [series([row[column] for row in table]) for column in range(3)]
    together = drifted(*(np.hstack([part[side] for part in parts]) for side in (0, 1)), RULE)
    for column, part in enumerate(parts):
        assert np.array_equal(together[:, column], drifted(*part, RULE)[:, 0])


def test_expected_false_alarms():
    assert expected_false_alarms(windows=30, models=12, alpha=0.01) == pytest.approx(3.6)


MEASURES = {
    "psi": distances.psi,
    "jensen_shannon": distances.jensen_shannon,
    "hellinger": distances.hellinger,
    "l_infinity": distances.l_infinity,
    "chi_square_p": lambda x, y: distances.chi_square(x, y).p,
}


@pytest.mark.parametrize("measure", MEASURES)
def test_fixed_cuts_the_measure_of_the_tested_cells(measure, rng):
    columns = [*model_days(rng, 20, 200, shift=0.3, features=2)]
    columns.append(
        Column(ordered=False, reference=np.array([900, 90, 9]), windows=rng.multinomial(200, [0.8, 0.19, 0.01], 20))
    )
    is_p = measure.endswith("_p")
    for at in (0, 7):
        told = [MEASURES[measure](*cells(one, one.windows[at])).value for one in columns]
        for column, limit in enumerate(told):
            assert fixed(columns, measure=measure, limit=limit * (1 - 1e-9)).alarm[at, column] != is_p
            assert fixed(columns, measure=measure, limit=limit * (1 + 1e-9)).alarm[at, column] == is_p
    found = fixed(columns, measure=measure, limit=0.05)
    assert np.isfinite(found.p).all() == is_p
    assert not found.certified


def test_fixed_kolmogorov_smirnov_looks_at_all_bins(rng):
    columns = model_days(rng, 5, 300, shift=0.2, features=2)
    ks = distances.kolmogorov_smirnov(columns[0].reference, columns[0].windows[2]).value
    assert fixed(columns, measure="ks", limit=ks * 0.999).alarm[2, 0]
    assert not fixed(columns, measure="ks", limit=ks * 1.001).alarm[2, 0]
    h = 50_000 * 300 / 50_300
    found = fixed(columns, measure="ks_p", limit=0.05)
    assert found.p[2, 0] == pytest.approx(stats.kstwobign.sf(ks * h**0.5), rel=1e-9)
    categories = [Column(ordered=False, reference=np.array([9, 9]), windows=np.array([[90, 1]]))]
    assert not fixed(categories, measure="ks", limit=0.01).alarm.any()


@pytest.mark.parametrize(("measure", "limit", "n"), [
    ("psi", 0.1, 200), ("psi", 0.1, 100), ("hellinger", 0.1, 200), ("jensen_shannon", 0.13, 200),
    ("chi_square_p", 0.001, 500), ("ks", 0.12, 200), ("ks_p", 0.001, 500),
])  # fmt: skip
def test_fixed_says_what_it_does_without_drift(measure, limit, n, rng):
    """The rate that `why` states is the one seen, in 1,500 windows, or bounds it where it says so."""
    columns = model_days(rng, 1_500, n, features=5)
    found = fixed(columns, measure=measure, limit=limit)
    seen = 100 * found.alarm.any(axis=1).mean()
    said = float(found.why.split(" % of windows")[0].split(" ")[-1])
    noise = 3.3 * (said * (100 - said) / 1_500) ** 0.5
    bound = "at most" if "at most" in found.why else "at least" if "at least" in found.why else ""
    assert bound == {"ks": "at most", "ks_p": "at most", "chi_square_p": ""}.get(measure, "at least")
    assert seen <= {"at most": said, "at least": 1.5 * said}.get(bound, said) + noise
    assert seen >= {"at most": said / 5, "at least": said}.get(bound, said) - noise


def test_fixed_says_when_no_rate_can_be_told(rng):
    columns = model_days(rng, 5, 300, features=3)
    nothing = "A fixed cut-off has no stated rate of false alarms."
    assert fixed(columns, measure="l_infinity", limit=0.05).why == nothing
    assert fixed(model_days(rng, 5, 20, features=3), measure="psi", limit=0.1).why == nothing
    assert fixed(columns, measure="psi", limit=0.1).why == (
        f"{nothing} With 300 rows a window and no drift, PSI above 0.1 is found in any of 3 columns in at least "
        "about 0.1 % of windows, if columns and rows are independent."
    )
    assert "in the column in fewer than 0.1 % of" in fixed(columns[:1], measure="psi", limit=0.25).why
    with pytest.raises(ValueError, match="above 0, got nan"):
        fixed(columns, measure="psi", limit=float("nan"))


def test_no_floor_alarms_more(rng):
    columns = model_days(rng, 40, 20_000, shift=0.06, features=3)
    assert judge(columns, WITHOUT_FLOOR).alarm[:, 0].mean() > 0.9
    assert not judge(columns, RULE).alarm.any()
