"""The policy's fairness limits on the demo: the known unfairness, groups too small to judge, labels that are not in."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from core.analysis.fairness_verdict import Limit, judge
from core.analysis.group_rates import Decided
from core.analysis.parity import parity
from core.facts.profiles import FOREVER
from core.governance.policy import FairnessLimit, FairnessRule
from core.profiles import Output
from core.services.fairness import Judged, judged
from core.services.house import House
from core.services.policy_files import policy
from core.services.profile_book import Book, book
from tests.services.test_measurements import AS_OF, VIENNA, log

SEX = ("sex",)


def kept(house: House, model: str) -> Book:
    return book(house, model, "", -1, FOREVER, ("output",), True)


def starts(found: Book, version: str) -> list[int]:
    return sorted(start for one, start in found.current if one == version)


def judged_of(house: House, model: str, version: str, *, last: int = 28, as_of_ms: int = AS_OF) -> list[Judged]:
    found = kept(house, model)
    rule = policy(house).fairness
    return list(judged(found, rule, version, starts(found, version)[-last:], as_of_ms=as_of_ms))


def only(found: list[Judged], family: tuple[str, ...], criterion: str) -> Judged:
    (one,) = [one for one in found if one.family == family and one.limit.criterion == criterion]
    return one


def decided(rows: pd.DataFrame) -> Decided:
    """Rows of one group by decision at .5 and label, counted one by one."""
    table = np.zeros((2, 3), np.int64)
    for score, label in zip(rows["score"], rows["label"], strict=True):
        table[int(score >= 0.5), 2 if pd.isna(label) else int(label)] += 1
    return Decided(table=np.array([table] * 3), invalid=0)


def test_the_known_unfairness_fails_with_its_interval(profiled: House) -> None:
    found = only(judged_of(profiled, "prod.income_band", "2"), SEX, "demographic_parity")
    assert (found.verdict.outcome, found.title, found.windows, found.immature) == ("fail", "sex", 25, 0)
    women, men = found.verdict.parts
    assert (women.gap.group, men.gap.group) == ("sex=female", "sex=male")
    assert women.gap.hits / women.gap.rows == pytest.approx(0.07, abs=0.005)
    assert men.gap.hits / men.gap.rows == pytest.approx(0.25, abs=0.005)
    assert women.gap.rows + men.gap.rows == found.n
    assert -0.20 < women.low < women.gap.difference.value < women.high < -0.16
    assert women.gap.ratio.value == pytest.approx(0.29, abs=0.01)
    assert found.notes == ()


def test_verdicts_equal_those_of_the_rows_themselves(profiled: House) -> None:
    rows = log("prod.income_band")
    rows = rows[rows["score"].notna() & (rows["day_ms"] >= 0)]
    groups = {f"sex={name.lower()}": decided(mine) for name, mine in rows.groupby("sex")}
    assert set(groups) == {"sex=female", "sex=male"}
    for found in judged_of(profiled, "prod.income_band", "2"):
        if found.family == SEX:
            exact = parity(groups, found.limit.criterion, favourable="positive")
            limit = Limit(of=found.limit.of, low=found.limit.low, high=found.limit.high)
            assert found.verdict == judge(exact.gaps, limit)
            assert (found.from_ms, found.end_ms) == (rows["day_ms"].min(), rows["day_ms"].max() + 86_400_000)


def test_small_groups_are_named_with_the_rows_and_days_they_lack(profiled: House) -> None:
    found = only(judged_of(profiled, "credit_risk", "3"), ("education",), "demographic_parity")
    assert found.verdict.outcome == "not enough data"
    assert "rows, about" in found.verdict.why
    small = {part.gap.group: part for part in found.verdict.parts}["education=other"]
    assert (small.outcome, small.rows < 100, small.needed is not None) == ("not enough data", True, True)
    assert found.days_lacking(small) == pytest.approx((small.needed - small.rows) / (small.rows / 28), rel=0.01)
    passed = [part for part in found.verdict.parts if part.outcome == "pass"]
    assert passed
    assert found.days_lacking(passed[0]) is None


def test_labels_that_are_not_complete_are_not_judged(profiled: House) -> None:
    found = only(judged_of(profiled, "credit_risk", "3"), SEX, "equal_opportunity")
    assert (found.verdict.outcome, found.windows, found.immature, found.n) == ("not enough data", 0, 28, 0)
    assert (found.from_ms, found.end_ms, found.cut) == (None, None, None)
    assert found.verdict.why.endswith("those of the first one are on 2026-11-26")
    assert found.complete_ms == int(datetime(2026, 11, 26, tzinfo=VIENNA).timestamp() * 1000)


def test_only_windows_with_complete_labels_count(profiled: House) -> None:
    whole = kept(profiled, "credit_risk")
    days = starts(whole, "3")
    cut_off = AS_OF - int(timedelta(days=30).total_seconds() * 1000)
    complete = [day for day in days if whole.end_ms(day) <= cut_off]
    assert 0 < len(complete) < len(days)
    rule = policy(profiled).fairness
    found = list(judged(whole, rule, "3", days, as_of_ms=AS_OF))
    alone = list(judged(whole, rule, "3", complete, as_of_ms=AS_OF))
    some, all_of_them = only(found, SEX, "equal_opportunity"), only(alone, SEX, "equal_opportunity")
    assert some.verdict == all_of_them.verdict
    assert (some.windows, some.immature, all_of_them.immature) == (len(complete), len(days) - len(complete), 0)
    assert some.n > 0
    assert only(found, SEX, "demographic_parity").windows == len(days)


def test_windows_with_older_bins_are_left_out_and_told(profiled: House, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kept(profiled, "employment_screen")
    days = starts(whole, "2")[-10:]
    groups, rule = whole.groups, policy(profiled).fairness
    alone = judged(whole, rule, "2", days[4:], as_of_ms=AS_OF)

    def with_older(version: str, start: int, family: tuple[str, ...]) -> dict[str, tuple[Output, str]]:
        found = groups(version, start, family)
        return {name: (output, "older") for name, (output, _) in found.items()} if start < days[4] else found

    monkeypatch.setattr(whole, "groups", with_older)
    found = judged(whole, rule, "2", days, as_of_ms=AS_OF)
    assert [one.verdict for one in found] == [one.verdict for one in alone]
    assert {(one.windows, one.other_edges) for one in found} == {(6, 4)}
    assert found[0].notes == ("4 windows are left out: profiled with older bins, which do not add up.",)


def test_groups_are_compared_with_the_one_named(profiled: House) -> None:
    rule = FairnessRule(
        limits=(FairnessLimit(criterion="equalised_odds", of="ratio", low=0.8),), against={"sex": "male"}, windows=28,
        response="Look.",
    )  # fmt: skip
    whole = kept(profiled, "employment_screen")
    found = {one.title: one for one in judged(whole, rule, "2", starts(whole, "2"), as_of_ms=AS_OF)}
    assert {part.gap.group for part in found["sex"].verdict.parts} == {"sex=female"}
    assert [part.gap.rate for part in found["sex"].verdict.parts] == ["tpr", "fpr"]
    assert found["sex"].against == "sex=male"
    assert (found["race"].against, found["sex x race"].against) == ("", "")
    nobody = rule.model_copy(update={"against": {"sex": "nobody"}})
    lost = judged(whole, nobody, "2", starts(whole, "2"), as_of_ms=AS_OF)[0]
    assert (lost.verdict.outcome, lost.verdict.parts[0].rows) == ("not enough data", 0)
    assert "sex=nobody has no rows" in lost.verdict.why


def test_nothing_is_judged_without_groups_or_windows(profiled: House) -> None:
    car = kept(profiled, "car_price")
    rule = policy(profiled).fairness
    assert judged(car, rule, "3", starts(car, "3"), as_of_ms=AS_OF) == ()
    band = kept(profiled, "prod.income_band")
    assert judged(band, rule, "2", [], as_of_ms=AS_OF) == ()
    assert judged(band, rule, "9", starts(band, "2"), as_of_ms=AS_OF) == ()
