"""What an inventory entry must say, and what is missing from it. Pure: facts, policy and a day in, gaps out."""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from core.governance.attention import Urgency
from core.governance.materiality import Materiality, Tier, tier_of

Kind = Literal["own", "vendor", "language"]
KINDS: tuple[Kind, ...] = get_args(Kind)
KIND: Mapping[str, str] = {"own": "Own model", "vendor": "Vendor model", "language": "Language model"}
PersonState = Literal["active", "disabled", "erased", "unknown"]
EntryState = Literal["live", "retired", "unknown"]
LEAST_REASON = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GapKind:
    """One thing that can be missing.

    short: for a table's cell.  without: after a number of models ("12 without an owner").  sentence: of one model.
    urgency: how much it matters.
    """

    short: str
    without: str
    sentence: str
    urgency: Urgency


GAP: Mapping[str, GapKind] = {
    "owner": GapKind(
        short="No owner", without="without an owner", sentence="Nobody answers for this model.", urgency="now"
    ),
    "owner_gone": GapKind(
        short="Owner gone",
        without="with an owner who is gone",
        sentence="Its owner's account is disabled or erased: name a new owner.",
        urgency="now",
    ),
    "production_backup": GapKind(
        short="No backup",
        without="in production without a backup",
        sentence="It is in production, and nothing is named that takes over when it fails.",
        urgency="now",
    ),
    "review_overdue": GapKind(
        short="Review overdue",
        without="with a review overdue",
        sentence="Its review was due and has not been recorded.",
        urgency="now",
    ),
    "independence": GapKind(
        short="Not independent",
        without="validated by their owner",
        sentence="Owner and validator are the same person: no independent challenge.",
        urgency="soon",
    ),
    "validator": GapKind(
        short="No validator",
        without="without a validator",
        sentence="Nobody is named who validates it independently.",
        urgency="soon",
    ),
    "class": GapKind(
        short="Not classed",
        without="without exposure and purpose class",
        sentence="Exposure or purpose class is not set, so it has no tier.",
        urgency="soon",
    ),
    "purpose": GapKind(
        short="No purpose", without="without a purpose", sentence="What it is for is not written down.", urgency="soon"
    ),
    "review_never": GapKind(
        short="Never reviewed", without="never reviewed", sentence="No review of it was ever recorded.", urgency="soon"
    ),
    "deputy": GapKind(
        short="No deputy",
        without="without a deputy",
        sentence="Nobody stands in when its owner is away.",
        urgency="note",
    ),
    "project": GapKind(
        short="No project",
        without="in production and in no project",
        sentence="It is in production and no project holds it, so nobody's policy applies.",
        urgency="soon",
    ),
    "vendor": GapKind(
        short="No vendor",
        without="bought without a vendor named",
        sentence="It is a vendor's model, and the vendor is not named.",
        urgency="soon",
    ),
    "dependency_unknown": GapKind(
        short="Unknown dependency",
        without="with an unknown dependency",
        sentence="It depends on something that is not in the inventory.",
        urgency="soon",
    ),
    "dependency_retired": GapKind(
        short="Retired dependency",
        without="with a retired dependency",
        sentence="It depends on a model that was retired.",
        urgency="now",
    ),
}
"""Every gap by its code, the most pressing of each kind first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What gaps are judged by.

    owner, deputy, validator: person ids or None.  owner_state: of the owner's account; None without an owner.
    dependencies: the state of each.  live: whether a version of it is in production.
    """

    kind: Kind
    owner: str | None
    owner_state: PersonState | None
    deputy: str | None
    validator: str | None
    project: str | None
    purpose: str
    vendor: str
    exposure: str | None
    purpose_class: str | None
    backup: str
    last_review: date | None
    next_review: date | None
    dependencies: tuple[EntryState, ...]
    live: bool
    retired: bool


def tier(policy: Materiality, exposure: str | None, purpose: str | None, override: Tier | None) -> Tier | None:
    """The tier that holds: the signed override, else what materiality gives; None when neither is known."""
    return override or tier_of(policy, exposure, purpose)


def due(policy: Materiality, holding: Tier | None, last: date | None, stated: date | None) -> date | None:
    """When the next review is due: the stated day, else the tier's interval after the last; None when unknown."""
    if stated is not None or last is None or holding is None:
        return stated
    return months_after(last, policy.tiers[holding].review_months)


def gaps(policy: Materiality, entry: Described, holding: Tier | None, today: date) -> tuple[str, ...]:
    """Codes of everything that is missing, in the order of GAP; none for a retired entry."""
    if entry.retired:
        return ()
    next_due = due(policy, holding, entry.last_review, entry.next_review)
    found = {
        "owner": entry.owner is None,
        "owner_gone": entry.owner is not None and entry.owner_state != "active",
        "production_backup": entry.live and not entry.backup,
        "review_overdue": next_due is not None and next_due < today,
        "independence": entry.owner is not None and entry.owner == entry.validator,
        "validator": entry.validator is None,
        "class": tier_of(policy, entry.exposure, entry.purpose_class) is None,
        "purpose": not entry.purpose,
        "review_never": entry.last_review is None,
        "deputy": entry.deputy is None,
        "project": entry.live and entry.project is None,
        "vendor": entry.kind == "vendor" and not entry.vendor,
        "dependency_unknown": "unknown" in entry.dependencies,
        "dependency_retired": "retired" in entry.dependencies,
    }
    return tuple(code for code in GAP if found[code])


def months_after(day: date, months: int) -> date:
    """The same day of a later month; its last day where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def unfit_override(tier_given: Tier | None, override: Tier | None, reason: str) -> str:
    """Why an override cannot be signed, in words; "" when it can. tier_given: what materiality gives."""
    if len(" ".join(reason.split())) < LEAST_REASON:
        return f"A reason needs at least {LEAST_REASON} characters: it is what an auditor reads."
    if override is not None and override == tier_given:
        return f"Materiality gives tier {override} already; there is nothing to override."
    return ""


def same_name(printed: str, name: str) -> bool:
    """Whether the printed name that a signer typed is the signer's own; letter case counts, extra spaces do not."""
    return " ".join(printed.split()) == " ".join(name.split()) != ""
