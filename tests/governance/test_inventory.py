"""Rules of the inventory: tiers, reviews, gaps."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.governance import inventory as rules
from core.governance.inventory import GAP, Described
from core.governance.materiality import Materiality
from core.services.policy_files import SHIPPED, load

POLICY = load(SHIPPED / "materiality.yaml", Materiality)
TODAY = date(2026, 11, 25)
WHOLE = Described(
    kind="own", owner="p_1", owner_state="active", deputy="p_2", validator="p_3", project="j_1", purpose="Decides.",
    vendor="", exposure="critical", purpose_class="operations", backup="version 2", last_review=date(2026, 6, 1),
    next_review=None, dependencies=("live",), live=True, retired=False,
)  # fmt: skip


def gaps(**changes: object) -> tuple[str, ...]:
    entry = replace(WHOLE, **changes)
    holding = rules.tier(POLICY, entry.exposure, entry.purpose_class, None)
    return rules.gaps(POLICY, entry, holding, TODAY)


def test_a_whole_entry_lacks_nothing() -> None:
    assert gaps() == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"owner": None, "owner_state": None}, "owner"),
        ({"owner_state": "disabled"}, "owner_gone"),
        ({"owner_state": "erased"}, "owner_gone"),
        ({"owner_state": "unknown"}, "owner_gone"),
        ({"deputy": None}, "deputy"),
        ({"validator": None}, "validator"),
        ({"validator": "p_1"}, "independence"),
        ({"purpose": ""}, "purpose"),
        ({"last_review": date(2025, 11, 24)}, "review_overdue"),
        ({"next_review": TODAY - timedelta(days=1)}, "review_overdue"),
        ({"last_review": None}, "review_never"),
        ({"backup": ""}, "production_backup"),
        ({"project": None}, "project"),
        ({"kind": "vendor"}, "vendor"),
        ({"dependencies": ("live", "unknown")}, "dependency_unknown"),
        ({"dependencies": ("retired",)}, "dependency_retired"),
    ],
)
def test_each_gap_is_found_by_itself(changes: dict[str, object], code: str) -> None:
    assert gaps(**changes) == (code,)


@pytest.mark.parametrize("part", ["exposure", "purpose_class"])
def test_without_a_class_there_is_no_tier(part: str) -> None:
    assert gaps(**{part: None}) == ("class",)
    assert gaps(**{part: "a level that the policy has no longer"}) == ("class",)


@pytest.mark.parametrize(
    "changes", [{"backup": "", "live": False}, {"project": None, "live": False}, {"next_review": TODAY}]
)
def test_what_does_not_apply_is_no_gap(changes: dict[str, object]) -> None:
    assert gaps(**changes) == ()


def test_a_retired_entry_lacks_nothing_whatever_it_says() -> None:
    assert gaps(owner=None, purpose="", retired=True) == ()


def test_every_gap_has_words_and_an_urgency() -> None:
    shorts = [gap.short for gap in GAP.values()]
    assert len(set(shorts)) == len(shorts), "table cells tell gaps by these"
    assert all(gap.without and gap.sentence.endswith(".") for gap in GAP.values())


@pytest.mark.parametrize(
    ("exposure", "purpose", "tier"),
    [("internal", "exploration", 3), ("critical", "automated_decision", 1), ("limited", "operations", 2)],
)
def test_materiality_gives_the_tier(exposure: str, purpose: str, tier: int) -> None:
    assert rules.tier(POLICY, exposure, purpose, None) == tier


def test_more_exposure_or_a_weightier_purpose_never_lowers_materiality() -> None:
    exposures, purposes = [e.id for e in POLICY.exposure], [p.id for p in POLICY.purposes]
    for row, purpose in enumerate(purposes):
        for column, exposure in enumerate(exposures):
            here = POLICY.matrix[purpose][exposure]
            if column:
                assert here <= POLICY.matrix[purpose][exposures[column - 1]]
            if row:
                assert here <= POLICY.matrix[purposes[row - 1]][exposure]


def test_an_override_holds_against_materiality() -> None:
    assert rules.tier(POLICY, "critical", "automated_decision", 3) == 3
    assert rules.tier(POLICY, None, None, 2) == 2


def test_the_next_review_follows_from_tier_and_last_review_unless_it_is_stated() -> None:
    last = date(2026, 1, 31)
    assert rules.due(POLICY, 1, last, None) == date(2027, 1, 31)
    assert rules.due(POLICY, 3, last, None) == date(2029, 1, 31)
    assert rules.due(POLICY, 1, last, TODAY) == TODAY
    assert rules.due(POLICY, None, last, None) is None
    assert rules.due(POLICY, 1, None, None) is None


@given(st.dates(date(1970, 1, 1), date(2199, 12, 31)), st.integers(1, 120))
def test_months_later_is_that_many_months_later(day: date, months: int) -> None:
    later = rules.months_after(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@pytest.mark.parametrize("reason", ["", "too short", "   spread     out    ", "a" * 19, "a" + " " * 30 + "b"])
def test_an_override_needs_a_reason(reason: str) -> None:
    assert "20 characters" in rules.unfit_override(1, 2, reason)


def test_an_override_must_change_something() -> None:
    assert "already" in rules.unfit_override(1, 1, "a reason that is long enough")
    assert rules.unfit_override(1, 2, "a reason that is long enough") == ""
    assert rules.unfit_override(1, None, "a reason that is long enough") == ""


@pytest.mark.parametrize(
    ("printed", "same"),
    [("Clara Weiss", True), (" Clara  Weiss ", True), ("clara weiss", False), ("Clara", False), ("", False)],
)
def test_a_signature_is_ones_own_printed_name(printed: str, same: bool) -> None:
    assert rules.same_name(printed, "Clara Weiss") is same


def test_nobody_without_a_name_can_sign() -> None:
    assert not rules.same_name("", "")
