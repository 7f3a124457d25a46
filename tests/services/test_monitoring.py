"""What the page Monitoring opens, on the judged demo: versions, windows, the drift map, a feature."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from core.analysis.distances import corrected_psi
from core.errors import NotFound
from core.services import health, monitored_feature, monitoring
from core.services.house import House
from tests.services.test_measurements import AS_OF, VIENNA, log


def at(day: int, month: int = 11) -> int:
    return int(datetime(2026, month, day, tzinfo=VIENNA).timestamp() * 1000)


def test_a_model_opens_with_its_live_version_and_whose_labels_are_complete(profiled: House) -> None:
    found = monitoring.opened(profiled, "credit_risk", as_of_ms=AS_OF)
    assert (set(found.versions), found.live) == ({"3", "5"}, "3")
    assert len(found.starts) == 56
    assert found.starts[0] == at(28, 9)
    # a day's labels are complete 30 days of 24 hours after its end; summer time ended on 25 October
    assert found.mature == 26
    assert found.next_ms is not None
    assert found.next_ms > AS_OF
    assert found.from_ms(30) == found.starts[-30]
    assert found.from_ms(90) == -1
    assert found.end_ms(found.starts[-1]) == at(23)


def test_an_unknown_model_is_not_found(profiled: House) -> None:
    with pytest.raises(NotFound, match="no monitor"):
        monitoring.opened(profiled, "nothing", as_of_ms=AS_OF)


def test_the_drift_map_shows_every_cell_with_what_drifted_last_first(profiled: House) -> None:
    found = monitoring.drift_map(profiled, "car_price", "3", -1)
    assert found is not None
    assert found.names[0] == "prediction"
    assert found.effect.shape == (8, 32)
    last = found.drifted[1:, -1].tolist()
    assert last == sorted(last, reverse=True)
    cells = {(one.part, one.name, one.window_ms): one for one in health.drift(profiled, "car_price", version="3")}
    for row, key in enumerate(found.keys):
        for column, start in enumerate(found.starts):
            cell = cells[*key, start]
            assert found.alarm[row, column] == cell.alarm
            assert found.n[row, column] == cell.n
            assert found.effect[row, column] == cell.effect
    assert found.expected == pytest.approx(0.32)
    assert found.alarming == int(found.alarm.any(axis=0).sum())
    assert found.why == ""


def test_a_part_of_the_windows_is_a_part_of_the_map(profiled: House) -> None:
    whole = monitoring.drift_map(profiled, "car_price", "3", -1)
    part = monitoring.drift_map(profiled, "car_price", "3", at(16))
    assert whole is not None
    assert part is not None
    assert part.starts == whole.starts[-7:]
    assert np.array_equal(part.effect[0], whole.effect[0, -7:])
    assert monitoring.drift_map(profiled, "car_price", "no such version", -1) is None


def test_a_category_is_shown_with_the_shares_of_its_rows(profiled: House) -> None:
    found = monitored_feature.feature(profiled, "car_price", "3", "fuel", at(6))
    rows = log("car_price")
    mine = rows[(rows["day_ms"] >= at(6)) & (rows["version"].astype(str) == "3")]
    assert found is not None
    counted = mine["fuel"].value_counts(normalize=True)
    for label, share in zip(found.labels, found.current, strict=True):
        assert share == pytest.approx(counted.get(label, 0.0), abs=1e-12)
    assert found.n == len(mine)
    by_day = mine.groupby("day_ms")["fuel"].value_counts(normalize=True)
    diesel = {start: by_day.get((start, "diesel"), 0.0) for start in found.starts}
    np.testing.assert_allclose(found.courses["diesel"], list(diesel.values()), atol=1e-12)
    assert found.steady["diesel"] == pytest.approx(0.31, abs=0.01)


def test_a_number_is_shown_with_its_mean_and_the_cells_that_are_tested(profiled: House) -> None:
    found = monitored_feature.feature(profiled, "car_price", "3", "km_driven", -1)
    rows = log("car_price")
    mine = rows[(rows["day_ms"] > 0) & (rows["version"].astype(str) == "3")]
    assert found is not None
    assert found.numeric
    assert len(found.labels) == len(found.current) <= 10
    means = pd.to_numeric(mine["km_driven"], errors="coerce").groupby(mine["day_ms"]).mean()
    np.testing.assert_allclose(found.courses["mean"], means.loc[list(found.starts)], rtol=1e-9)
    assert (found.courses["low"] < found.courses["mean"]).all()
    low = float(found.labels[0].removeprefix("up to "))
    share = float((pd.to_numeric(mine["km_driven"]) <= low).mean())
    assert found.current[0] == pytest.approx(share, abs=0.01)  # the label is rounded


def test_segments_say_how_far_each_moved(profiled: House) -> None:
    found = monitored_feature.feature(profiled, "car_price", "3", "accident_count", at(6))
    assert found is not None
    fuels = [one for one in found.segments if one.name.startswith("fuel=") and one.n]
    assert sum(one.n for one in fuels) == found.n
    effects = [one.effect for one in found.segments if one.effect is not None]
    assert effects == sorted(effects, reverse=True)
    reference = monitored_feature.feature(profiled, "car_price", "3", "fuel", at(6))
    assert reference is not None
    whole = corrected_psi(
        np.round(reference.reference * reference.reference_n), np.round(reference.current * reference.n)
    )
    assert whole.value is not None
    assert whole.value > 0.05


def test_unusable_values_are_told_by_kind(profiled: House) -> None:
    found = monitored_feature.feature(profiled, "credit_risk", "3", "PAY_AMT1", at(12))
    assert found is not None
    assert found.unusable == {"unreadable": 7}
    assert found.rows == found.n + 7
    assert monitored_feature.feature(profiled, "credit_risk", "3", "nothing", -1) is None


def test_findings_that_name_a_feature(profiled: House) -> None:
    (one,) = monitoring.findings_of(profiled, "credit_risk", "PAY_AMT1")
    assert one.cause == "broken_rows"
    assert monitoring.findings_of(profiled, "credit_risk", "AGE") == ()
