"""What happened to an inventory entry, from the audit trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from core.governance.inventory_fields import BY_NAME
from core.ledger import signatures
from core.ledger.chain import SEALED
from core.ledger.schema import audit_events
from core.ledger.signatures import Signature
from core.ledger.store import payload_of
from core.services import directory, inventory, inventory_values
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House
from core.services.inventory_values import Known

TITLES = {
    "inventory.added": "Described", "inventory.changed": "Changed", "inventory.retired": "Retired",
    "inventory.restored": "Restored", "inventory.tier_overridden": "Tier overridden",
    "inventory.override_lifted": "Override lifted",
}  # fmt: skip
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One field that changed, before and after as people read them; "" for nothing."""

    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One event. who: name of the actor.  reason: of something signed, "" when it was erased or there is none."""

    seq: int
    time_ms: int
    who: str
    on_behalf_of: str
    title: str
    changes: tuple[Changed, ...]
    reason: str
    signature: Signature | None


@needs("view")
def history(house: House, key: str, *, day: date) -> tuple[Past, ...]:
    """The last 500 events of an entry, newest first; none before anybody described it. Raises NotFound."""
    one = inventory.entry(house, key, day=day)
    return _history(house, one.id, day=day) if one.id else ()


@cached(maxsize=32, decisions=True)
def _history(house: House, entry: str, *, day: date) -> tuple[Past, ...]:
    known = inventory_values.known(house, day=day)
    query = sa.select(audit_events).where(audit_events.c.subject == f"inventory:{entry}")
    with house.ledger.reading() as connection:
        rows = connection.execute(query.order_by(audit_events.c.seq.desc()).limit(MOST)).mappings().all()
        payloads = {row["seq"]: payload_of(row["payload"]) for row in rows}
        reasons = {said["reason"][SEALED] for said in payloads.values() if "reason" in said}
        texts = signatures.texts(connection, reasons)
        signed = signatures.by_ids(
            connection, {said["signed"]["signature"] for said in payloads.values() if "signed" in said}
        )
    found = []
    for row in rows:
        said = payloads[row["seq"]]
        behalf = said.get("on_behalf_of")
        found.append(
            Past(
                seq=row["seq"], time_ms=row["time_ms"], who=directory.name(house, row["actor"]),
                on_behalf_of=directory.name(house, behalf) if behalf else "",
                title=TITLES.get(row["action"], row["action"]),
                changes=_changes(known, said, veiled=house.sight is not None),
                reason=texts.get(said["reason"][SEALED], "") if "reason" in said else "",
                signature=signed.get(said["signed"]["signature"]) if "signed" in said else None,
            )
        )  # fmt: skip
    return tuple(found)


def _changes(known: Known, said: Mapping[str, Any], *, veiled: bool) -> tuple[Changed, ...]:
    """veiled: dependencies that are not known (any more) may lie outside of what is seen, so they are not named."""
    before, after = dict(said.get("before", {})), dict(said.get("after", {}))
    for side in (before, after) if veiled else ():
        if "dependencies" in side:
            side["dependencies"] = [
                key if key in known.entries else f"{inventory.OUTSIDE}{place}"
                for place, key in enumerate(side["dependencies"])
            ]
    return tuple(
        Changed(
            title=_title(name), before=_said(known, name, before.get(name)), after=_said(known, name, after.get(name))
        )
        for name in [*BY_NAME, "tier", "ref"]
        if name in before or name in after
    )


def _title(name: str) -> str:
    return BY_NAME[name].title if name in BY_NAME else {"tier": "Tier", "ref": "Registered model"}[name]


def _said(known: Known, name: str, value: Any) -> str:
    if name in BY_NAME and BY_NAME[name].kind == "person" and value:
        person = known.people.get(value)
        return person.name if person else str(value)
    if name in BY_NAME:
        return inventory_values.say(known, name, tuple(value) if isinstance(value, list) else value)
    return "" if value is None else str(value)
