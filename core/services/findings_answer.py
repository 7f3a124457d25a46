"""Answering findings: many at once, in one transaction, or not at all; and who answered what, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import Conflict, Invalid
from core.governance.answers import ACTS, EVENT, GIVES, OVER, Act
from core.ledger import findings as kept
from core.ledger import trail
from core.ledger.chain import SEALED
from core.ledger.store import Transaction, payload_of
from core.ledger.trail import Wanted
from core.services import directory, findings, scope
from core.services.findings import Shown
from core.services.guard import needs
from core.services.house import House, now_ms

MOST = 500
REASON_LONGEST = 2_000
LONGEST_SNOOZE_MS = 366 * 86_400_000
MOST_NAMED = 5
FIELDS = ("state", "owner", "snoozed_until_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One answer. who: name of the actor.  act: what happened, such as acknowledged.  reason: untrusted text, "" for
    none, None when it was erased with its author.  owner: name of the person it was assigned to; "".
    """

    seq: int
    time_ms: int
    who: str
    on_behalf_of: str
    act: str
    until_ms: int | None
    owner: str
    reason: str | None


@needs("annotate")
def answer(
    house: House, ids: Sequence[str], act: str, *, until_ms: int | None = None, owner: str | None = None,
    reason: str = "", revisions: Mapping[str, int],
) -> Mapping[str, int]:  # fmt: skip
    """Answers findings, all or nothing; returns id -> revision of those that changed.

    act: one of ACTS.  until_ms: end of a snooze.  owner: with assign, a person's id, or None for the inventory's owner.
    reason: needed to resolve.  revisions: id -> the one read, 0 before the first answer.
    Raises Invalid, NotFound, NotAllowed, and Conflict for what was answered meanwhile or cannot be answered so.
    """
    now = now_ms()
    known = _act(act)
    said = _reason(known, reason)
    _check(house, ids, known, until_ms, owner, revisions, now)
    every = [findings.one(house, each, now) for each in ids]
    changing = [each for each in every if _changes(each, known, until_ms, owner)]
    if not changing:
        return {}
    places = [scope.project_of(house, "log", each.finding.model, "annotate") for each in changing]
    with house.deciding("annotate", places[0]) as tx:
        rows = kept.by_ids(tx.connection, [each.id for each in changing])
        stale = [each for each in changing if _revision(rows.get(each.id)) != revisions[each.id]]
        if stale:
            raise _stale(stale)
        for each in changing:
            values = _values(tx, rows.get(each.id), known, until_ms, owner)
            if not kept.write(tx.connection, each.id, revisions[each.id], values):
                raise _stale([each])
            _tell(tx, each, known, rows.get(each.id), values, said)
    return {each.id: revisions[each.id] + 1 for each in changing}


@needs("view")
def history(house: House, finding_id: str) -> tuple[Past, ...]:
    """Answers to one finding, the newest first. Raises NotFound."""
    findings.one(house, finding_id, now_ms())
    with house.ledger.reading() as connection:
        events = trail.newest(connection, Wanted(subject=f"finding:{finding_id}"), limit=200)
        said = [payload_of(event.payload) for event in events]
        seals = [each["reason"][SEALED] for each in said if "reason" in each]
        texts = trail.texts(connection, seals)
    found = []
    for event, each in zip(events, said, strict=True):
        after: Mapping[str, Any] = each.get("after", {})
        held = texts.get(each["reason"][SEALED]) if "reason" in each else None
        behalf = each.get("on_behalf_of")
        found.append(
            Past(
                seq=event.seq, time_ms=event.time_ms, who=directory.name(house, event.actor),
                on_behalf_of=directory.name(house, behalf) if behalf else "", act=event.action.partition(".")[2],
                until_ms=after.get("snoozed_until_ms"),
                owner=directory.name(house, after["owner"]) if after.get("owner") else "",
                reason="" if "reason" not in each else held.text if held else None,
            )
        )  # fmt: skip
    return tuple(found)


def _act(act: str) -> Act:
    for known in ACTS:
        if known == act:
            return known
    raise Invalid(f"act cannot be {act[:40]!r}.", field="act", hint=f"Allowed: {', '.join(ACTS)}.")


def _reason(act: Act, reason: str) -> str:
    said = reason.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(said) > REASON_LONGEST:
        raise Invalid(f"A reason has at most {REASON_LONGEST:,} characters.", field="reason")
    if act == "resolve" and not said:
        raise Invalid("Say why this is resolved.", field="reason", hint="One sentence is enough.")
    return said


def _check(
    house: House, ids: Sequence[str], act: Act, until_ms: int | None, owner: str | None, revisions: Mapping[str, int],
    now: int,
) -> None:  # fmt: skip
    if not ids or len(ids) > MOST or len(set(ids)) != len(ids):
        raise Invalid(f"Name 1 to {MOST} findings, each once, got {len(ids):,}.", field="ids")
    missing = [each for each in ids if each not in revisions]
    if missing:
        raise Invalid(f"The revision of {missing[0][:80]!r} is missing.", field="revisions", hint="Send the one read.")
    if act == "snooze":
        if until_ms is None or not now < until_ms <= now + LONGEST_SNOOZE_MS:
            raise Invalid("A snooze ends in the future, within 366 days.", field="until_ms")
    elif until_ms is not None:
        raise Invalid("Only a snooze has an end.", field="until_ms")
    if owner is not None:
        person = directory.everyone(house).get(owner)
        if act != "assign":
            raise Invalid("Only assigning names an owner.", field="owner")
        if person is None or not person.active:
            raise Invalid("The owner is nobody who can sign in.", field="owner", hint="Choose another person.")


def _changes(one: Shown, act: Act, until_ms: int | None, owner: str | None) -> bool:
    """Whether the answer changes anything. Raises Conflict where it makes no sense."""
    now = one.one.answer
    if act == "assign":
        return owner != (now.owner if now else None)
    if act == "reopen":
        return now is not None and now.state != "open"
    if one.state in OVER - {"resolved"}:
        raise Conflict(
            f"{one.finding.title[:80]} ({one.finding.model[:80]}) is over by itself: nothing is left to answer.",
            hint="Leave it out of what you chose.",
        )
    if now is None or now.state != GIVES[act]:
        return True
    return bool(one.again) or (act == "snooze" and now.snoozed_until_ms != until_ms)


def _values(
    tx: Transaction, row: kept.Row | None, act: Act, until_ms: int | None, owner: str | None
) -> dict[str, Any]:  # fmt: skip
    if act == "assign":
        before = row or {"state": "open", "snoozed_until_ms": None, "at_ms": tx.now_ms, "person": tx.actor}
        return {name: before[name] for name in ("state", "snoozed_until_ms", "at_ms", "person")} | {"owner": owner}
    return {
        "state": GIVES[act], "owner": row["owner"] if row else None, "snoozed_until_ms": until_ms, "at_ms": tx.now_ms,
        "person": tx.actor,
    }  # fmt: skip


def _tell(
    tx: Transaction, one: Shown, act: Act, row: kept.Row | None, values: Mapping[str, Any], reason: str
) -> None:  # fmt: skip
    before = {name: row[name] for name in FIELDS} if row else {"state": "open", "owner": None, "snoozed_until_ms": None}
    changed = [name for name in FIELDS if values[name] != before[name]]
    said: dict[str, Any] = {
        "model": one.finding.model, "category": one.finding.category, "cause": one.finding.cause,
        "before": {name: before[name] for name in changed}, "after": {name: values[name] for name in changed},
    }  # fmt: skip
    if reason:
        said["reason"] = tx.seal(reason, tx.actor)
    tx.append(EVENT[act], f"finding:{one.id}", said)


def _revision(row: kept.Row | None) -> int:
    return int(row["revision"]) if row else 0


def _stale(found: Sequence[Shown]) -> Conflict:
    named = "; ".join(f"{each.finding.title[:60]} ({each.finding.model[:60]})" for each in found[:MOST_NAMED])
    more = f" and {len(found) - MOST_NAMED:,} more" if len(found) > MOST_NAMED else ""
    return Conflict(
        f"Somebody else answered this meanwhile: {named}{more}. Nothing was saved.",
        hint="Look at what it says now, then answer again.",
    )
