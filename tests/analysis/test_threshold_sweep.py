"""Every threshold's decisions from histograms, against the same rows decided one by one."""

import numpy as np
import pytest

from core.analysis.fairness_verdict import Limit
from core.analysis.group_gaps import gaps
from core.analysis.group_rates import CELLS, Cut, cut_at, decide, rate_of, share
from core.analysis.threshold_sweep import Sweep, ranges, sweep
from core.profiles import Output

EDGES = np.nextafter(np.arange(1, 20) / 20, -np.inf)
RATES = ("positive_rate", "negative_rate", "tpr", "fpr", "fnr", "tnr", "ppv", "npv", "accuracy", "base_rate")
Rows = dict[str, tuple[np.ndarray, np.ndarray]]


def made(seed: int = 7, sizes: tuple[int, ...] = (400, 90, 3)) -> Rows:
    """Group -> scores and labels (2: not known)."""
    random = np.random.default_rng(seed)
    return {f"g{at}": (random.beta(2, 2 + at, n), random.integers(0, 3, n)) for at, n in enumerate(sizes)}


def output(scores: np.ndarray, labels: np.ndarray, edges: np.ndarray = EDGES) -> Output:
    counts = np.zeros((3, edges.size + 1), np.int64)
    np.add.at(counts, (labels, np.searchsorted(edges, scores)), 1)
    zeros = np.zeros(3)
    return Output(counts=counts, scores=zeros, squared_error=zeros[:2], log_loss=zeros[:2], invalid=zeros.astype(int))


def swept(rows: Rows) -> Sweep:
    return sweep({name: output(*told) for name, told in rows.items()}, EDGES)


def counted(scores: np.ndarray, labels: np.ndarray, threshold: float, rate: str) -> tuple[int, int]:
    counting, others = CELLS[rate]  # type: ignore[index]
    decided = (scores >= threshold).astype(int)
    hits = sum(int(((decided == d) & (labels == y)).sum()) for d, y in counting)
    return hits, hits + sum(int(((decided == d) & (labels == y)).sum()) for d, y in others)


@pytest.mark.parametrize("rate", RATES)
def test_counts_at_every_threshold_are_those_of_the_rows(rate: str) -> None:
    rows = made()
    found = swept(rows)
    hits, of = found.counts(rate)  # type: ignore[arg-type]
    for place, name in enumerate(found.groups):
        for at, threshold in enumerate(found.thresholds):
            assert (hits[place, at], of[place, at]) == counted(*rows[name], threshold, rate), (name, threshold)


@pytest.mark.parametrize("against", [None, "g0"])
def test_gaps_at_a_threshold_are_those_that_are_judged(against: str | None) -> None:
    rows = made()
    found = swept(rows)
    outputs = {name: output(*told) for name, told in rows.items()}
    for at in (0, 7, 12, 18):
        decided = {name: decide(one, cut_at(EDGES, float(found.thresholds[at]))) for name, one in outputs.items()}
        difference, ratio = found.gaps("tpr", against=against)
        for gap in gaps(decided, "tpr", against=against):
            place = found.groups.index(gap.group)
            same = gap.difference.value
            assert difference[place, at] == pytest.approx(np.nan if same is None else same, nan_ok=True)
            same = gap.ratio.value
            assert ratio[place, at] == pytest.approx(np.nan if same is None else same, nan_ok=True)
    if against:
        assert np.isnan(found.gaps("tpr", against=against)[0][0]).all()


def test_limits_hold_where_every_group_lies_within() -> None:
    found = swept(made())
    limit = Limit(of="difference", low=-0.1, high=0.1)
    holds = found.holds(limit, ("positive_rate",))
    values = found.gaps("positive_rate")[0]
    assert holds.tolist() == [bool(np.all(np.abs(values[:, at]) <= 0.1)) for at in range(values.shape[1])]
    assert holds.any()
    assert not holds.all()
    both = found.holds(limit, ("positive_rate", "fpr"))
    assert not (both & ~holds).any()
    assert not found.holds(limit, ("positive_rate",), against="nobody").any()


def test_a_gap_that_cannot_be_told_is_not_within_a_limit() -> None:
    alone = swept({"a": made()["g0"], "b": (np.array([]), np.array([], int))})
    assert not alone.holds(Limit(of="ratio", low=0.8), ("positive_rate",)).any()


def test_stretches_start_and_end_where_it_holds() -> None:
    places = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    assert ranges(np.array([True, True, False, False, True]), places) == [(0.1, 0.2), (0.5, 0.5)]
    assert ranges(np.zeros(5, bool), places) == []
    assert ranges(np.ones(5, bool), places) == [(0.1, 0.5)]


def test_nothing_to_sweep_is_refused() -> None:
    with pytest.raises(ValueError, match="got 0 and 19"):
        sweep({}, EDGES)
    with pytest.raises(ValueError, match="got 1 and 0"):
        sweep({"a": output(*made()["g0"])}, [])


def test_accuracy_between_edges_lies_within_its_binning_error() -> None:
    scores, labels = made(sizes=(800,))["g0"]
    cut = cut_at(EDGES, 0.33)
    assert isinstance(cut, Cut)
    assert not cut.exact
    found = rate_of(decide(output(scores, labels), cut), "accuracy")
    hits, rows = counted(scores, labels, 0.33, "accuracy")
    assert found.n == rows
    assert found.value is not None
    assert abs(hits / rows - found.value) <= found.binning
    assert found.binning > 0
    exact = share(decide(output(scores, labels), cut_at(EDGES, 0.35)), "accuracy")
    assert exact.least == exact.value == exact.most
