"""Runs side by side: every cell is the run's own, and only what differs says so."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotFound
from core.services import comparison, runs
from core.services.comparison import MOST, Comparison, Line, compare, difference
from core.services.house import silent
from core.services.runs import RunQuery

_finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


def _line(found: Comparison, kind: str, key: str) -> Line:
    return next(line for line in found.lines if (line.kind, line.key) == (kind, key))


@pytest.fixture
def finished(bank) -> list:
    return bank.client.search_runs(
        [bank.made.experiment], "attributes.run_name LIKE 'run %'", order_by=["attributes.run_name"]
    )


def _refs(told: list) -> tuple[str, ...]:
    return tuple(f"s:{run.info.run_id}" for run in told)


def test_every_cell_is_the_runs_own(bank, finished) -> None:
    found = compare(bank.house, _refs(finished))
    for kind, values in (
        ("metric", [run.data.metrics for run in finished]),
        ("param", [run.data.params for run in finished]),
    ):
        keys = {key for value in values for key in value}
        assert {line.key for line in found.lines if line.kind == kind} == keys
        for key in keys:
            assert _line(found, kind, key).cells == tuple(value.get(key) for value in values)


def test_runs_keep_the_order_of_the_selection_and_count_from_one(bank, finished) -> None:
    refs = tuple(reversed(_refs(finished)))
    found = compare(bank.house, refs)
    assert [(run.number, run.ref) for run in found.runs] == list(enumerate(refs, 1))


def test_what_differs_is_said_and_what_is_equal_is_not(bank, finished) -> None:
    found = compare(bank.house, _refs(finished))
    assert _line(found, "param", "seed").differs
    assert not _line(found, "param", "model type").differs
    assert not _line(found, "tag", "team").differs
    assert _line(found, "data", "data sets").differs
    assert not _line(found, "run", "user").differs


def test_a_value_that_only_some_runs_have_differs(bank, finished) -> None:
    found = compare(bank.house, (f"s:{bank.made.finished}", f"s:{bank.made.running}"))
    line = _line(found, "param", "seed")
    assert (line.cells, line.differs) == (("0", None), True)


def test_two_nans_do_not_differ(own) -> None:
    house, client = own()
    ids = [client.create_run("0").info.run_id for _ in range(2)]
    for run in ids:
        client.log_metric(run, "m", math.nan)
    house.sync("s", silent)
    assert not _line(compare(house, tuple(f"s:{run}" for run in ids)), "metric", "m").differs


def test_a_run_alone_differs_in_nothing(bank) -> None:
    assert not any(line.differs for line in compare(bank.house, (f"s:{bank.made.finished}",)).lines)


def test_the_data_of_a_run_is_named_with_its_digest(bank) -> None:
    assert _line(compare(bank.house, (f"s:{bank.made.finished}",)), "data", "data sets").cells == ("loans (d0)",)


def test_the_duration_is_in_seconds_and_missing_while_running(bank) -> None:
    told = bank.client.get_run(bank.made.finished).info
    found = compare(bank.house, (f"s:{bank.made.finished}", f"s:{bank.made.running}"))
    assert _line(found, "run", "duration (s)").cells == ((told.end_time - told.start_time) / 1000, None)


def test_mlflows_own_tags_are_left_out(bank, finished) -> None:
    found = compare(bank.house, _refs(finished))
    assert [line.key for line in found.lines if line.kind == "tag"] == ["team"]


def test_a_run_named_twice_is_there_once(bank) -> None:
    assert len(compare(bank.house, (f"s:{bank.made.finished}",) * 3).runs) == 1


def test_runs_that_are_gone_are_named_and_the_rest_is_compared(bank) -> None:
    found = compare(bank.house, ("s:gone", f"s:{bank.made.finished}", "no ref"))
    assert [run.ref for run in found.runs] == [f"s:{bank.made.finished}"]
    assert found.missing == ("s:gone", "no ref")


@pytest.mark.parametrize("refs", [(), ("s:gone",), ("", ":", "'; DROP TABLE runs; --"), ("🚀" * 9_000,)])
def test_when_none_is_here_it_is_told(bank, refs: tuple[str, ...]) -> None:
    with pytest.raises(NotFound, match="None of these runs"):
        compare(bank.house, refs)


def test_at_most_two_hundred_are_compared(demo) -> None:
    table = runs.search(demo, RunQuery()).table
    refs = tuple(f"demo:{run_id}" for run_id in table["run_id"].to_pylist())
    assert len(refs) > MOST
    assert [run.ref for run in compare(demo, refs).runs] == list(refs[:MOST])


def test_params_that_hold_numbers_stand_on_an_axis_as_numbers(bank, finished) -> None:
    axes = compare(bank.house, _refs(finished)).numbers()
    assert axes["params.seed"] == tuple(float(run.data.params["seed"]) for run in finished)
    assert axes["params.model type"] == ("xgboost",) * len(finished)
    assert axes["metrics.valid/auc"] == tuple(run.data.metrics["valid/auc"] for run in finished)
    assert not [name for name in axes if name.startswith(("tags.", "runs.", "datas."))]


def test_a_param_of_which_one_is_no_number_stays_text(own) -> None:
    house, client = own()
    ids = [client.create_run("0").info.run_id for _ in range(3)]
    for run, depth in zip(ids, ("1", "none"), strict=False):
        client.log_param(run, "depth", depth)
    house.sync("s", silent)
    assert compare(house, tuple(f"s:{run}" for run in ids)).numbers() == {"params.depth": ("1", "none", None)}


@given(_finite, _finite)
def test_a_difference_is_from_the_baseline_and_its_share(value: float, baseline: float) -> None:
    absolute, share = difference(value, baseline)
    assert absolute == value - baseline
    if baseline == 0:
        assert share is None
    else:
        assert math.copysign(1, share) == math.copysign(1, value - baseline) or share == 0


@given(_finite)
def test_a_run_differs_by_nothing_from_itself(value: float) -> None:
    assert difference(value, value)[0] == 0


def test_a_share_of_a_negative_baseline_has_the_sign_of_the_difference() -> None:
    assert difference(-1.0, -2.0) == (1.0, 0.5)


@pytest.mark.parametrize("pair", [(None, 1.0), (1.0, None), ("1", 1.0), (math.nan, 1.0), (1.0, math.inf)])
def test_no_difference_without_two_numbers(pair: tuple) -> None:
    assert difference(*pair) is None


@given(st.lists(st.none() | st.floats() | st.text(max_size=4), max_size=5).map(tuple))
def test_an_axis_keeps_one_cell_a_run(cells: tuple) -> None:
    axis = comparison._as_numbers(cells)
    assert len(axis) == len(cells)
    assert [cell is None for cell in axis] == [cell is None for cell in cells]
