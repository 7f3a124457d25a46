"""Writing the inventory: one entry, many at once, new ones, retiring, restoring.

Everything that is asked for at once is written in one transaction, with one event an entry, or not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from core.errors import Conflict, Invalid
from core.governance.inventory_fields import BY_NAME, EMPTY
from core.ledger import inventory as table
from core.ledger.people import new_id
from core.ledger.store import Transaction
from core.services import inventory, inventory_values
from core.services.guard import needs
from core.services.house import House
from core.services.inventory import Entry
from core.services.inventory_values import Known

MOST_NAMED = 5
MOST_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What one entry is to say.

    key: its id or ref; "" for a new one.  revision: of the entry when it was read.  values: fields to set, by name.
    cells: where each field stands, for messages ("Inventory!E17"); "" for the whole entry.
    """

    key: str
    revision: int
    values: Mapping[str, Any]
    cells: Mapping[str, str] = field(default_factory=dict)

    def at(self, name: str = "") -> str:
        """Where a field stands, to begin a message with; "" where that is not known."""
        cell = self.cells.get(name) or self.cells.get("")
        return f"{cell}: " if cell else ""


@needs("inventory")
def edit(house: House, key: str, revision: int, values: Mapping[str, Any]) -> str:
    """Sets fields of one entry; returns its id. Raises Invalid, Conflict, NotFound, NotAllowed."""
    return write(house, [Edit(key=key, revision=revision, values=values)])[0]


@needs("inventory")
def edit_many(house: House, revisions: Mapping[str, int], values: Mapping[str, Any]) -> tuple[str, ...]:
    """Sets the same fields of several entries, all or nothing. revisions: key -> the one read."""
    return write(house, [Edit(key=key, revision=revision, values=values) for key, revision in revisions.items()])


@needs("inventory")
def add(house: House, values: Mapping[str, Any], *, ref: str | None = None) -> str:
    """A new entry, for a model without a registered one unless ref says which; returns its id."""
    if ref:
        one = inventory.entry(house, ref, day=inventory.today())
        if one.id and one.retired_ms is None:
            raise Conflict(f"{ref[:80]} is described already.", hint="Open its entry.")
        return edit(house, ref, 0, values)
    return write(house, [Edit(key="", revision=0, values=values)])[0]


@needs("inventory")
def write(house: House, edits: Sequence[Edit]) -> tuple[str, ...]:
    """Writes all edits in one transaction; returns the key of each. An edit that changes nothing writes nothing.

    Raises Invalid for a value that cannot be, Conflict naming every entry that was changed meanwhile.
    """
    if len(edits) > MOST_AT_ONCE:
        raise Invalid(f"{len(edits):,} entries are more than {MOST_AT_ONCE:,}.", hint="Edit them in parts.")
    planned = plan(house, edits)
    belongs = inventory.homes(house)
    places = {belongs(one.ref, told["project"]) for one in planned for told in (one.before, one.after)}
    for place in places:
        house.require("inventory", place)
    if any(one.changed for one in planned):
        with house.deciding("inventory", belongs(planned[0].ref, planned[0].before["project"])) as tx:
            carry_out(tx, planned)
    return tuple(one.id if one.changed or not one.new else one.edit.key for one in planned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An edit made fit. id: of the entry; a fresh one where there is no row yet.  new: there is no row yet."""

    edit: Edit
    id: str
    name: str
    ref: str | None
    new: bool
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of the fields that change, in their order."""
        return tuple(name for name in BY_NAME if self.after[name] != self.before[name])


@needs("inventory")
def plan(house: House, edits: Sequence[Edit]) -> list[Step]:
    """What edits would do. Raises Invalid, Conflict, NotFound as `write` does, before anything is written."""
    day = inventory.today()
    known, by_key = inventory_values.known(house, day=day), inventory.by_key(house, day=day)
    steps, stale, seen = [], [], set()
    for one in edits:
        found = by_key.get(one.key) if one.key else None
        if one.key and found is None:
            found = inventory.entry(house, one.key, day=day)
        if found is not None and found.key in seen:
            raise Invalid(f"{one.at()}{found.name[:80]} is named twice.", hint="Keep one of the two.")
        if found is not None:
            seen.add(found.key)
            if found.revision != one.revision:
                stale.append(f"{one.at()}{found.name[:80]}")
                continue
        steps.append(step(known, one, found, day=day))
    if stale:
        raise stale_error(stale)
    return steps


def step(known: Known, one: Edit, found: Entry | None, *, day: date) -> Step:
    """One edit made fit, held against the entry as it is; None for a new one.

    Raises Invalid naming field and cell, Conflict for a retired entry.
    """
    before = dict(found.values) if found is not None else dict(EMPTY)
    after = dict(before)
    name = ""
    try:
        for name, value in one.values.items():
            after[name] = inventory_values.fit(known, name, value, before.get(name))
        name = ""
        inventory_values.whole(before, after, day)
    except Invalid as error:
        raise Invalid(f"{one.at(error.field)}{error.message}", field=error.field or name, hint=error.hint) from error
    if found is not None and {found.id, found.ref}.intersection(after["dependencies"]):
        raise Invalid(
            f"{one.at('dependencies')}{found.name[:80]} cannot depend on itself.", field="dependencies",
            hint="Take it out of the list.",
        )  # fmt: skip
    if found is not None and found.retired_ms is not None:
        raise Conflict(f"{one.at()}{found.name[:80]} is retired.", hint="Restore it first.")
    return Step(
        edit=one, id=(found.id if found else None) or new_id("i"), name=after["name"], ref=found.ref if found else None,
        new=found is None or found.id is None, before=before, after=after,
    )  # fmt: skip


def carry_out(tx: Transaction, steps: Sequence[Step]) -> None:
    """Writes steps in a transaction under way. Raises Conflict, and then nothing of it may be committed."""
    rows = table.by_ids(tx.connection, {one.id for one in steps if not one.new})
    taken = table.live_by_refs(tx.connection, {one.ref for one in steps if one.new and one.ref})
    stale = [
        f"{one.edit.at()}{one.name[:80]}" for one in steps
        if (one.ref in taken if one.new else rows.get(one.id, {}).get("revision") != one.edit.revision)
    ]  # fmt: skip
    if stale:
        raise stale_error(stale)
    fresh = [one for one in steps if one.new and one.changed]
    if fresh:
        rows_new = [blank_row(one.id, one.ref, one.after, now_ms=tx.now_ms) for one in fresh]
        try:
            table.add(tx.connection, rows_new)
        except sa.exc.IntegrityError as error:
            raise stale_error([one.name[:80] for one in fresh]) from error
    for one in steps:
        if one.new and one.changed:
            after = {name: one.after[name] for name in BY_NAME if one.after[name] not in (None, "", ())}
            after |= {"ref": one.ref} if one.ref else {}
            tx.append("inventory.added", f"inventory:{one.id}", {"after": after})
        elif not one.new and one.changed:
            told = {
                when: {**said, "dependencies": inventory.unveiled(said["dependencies"], rows[one.id]["dependencies"])}
                for when, said in (("before", one.before), ("after", one.after))
            }
            values = {name: told["after"][name] for name in one.changed}
            if not table.change(tx.connection, one.id, one.edit.revision, values):
                raise stale_error([f"{one.edit.at()}{one.name[:80]}"])
            before = {name: told["before"][name] for name in one.changed}
            tx.append("inventory.changed", f"inventory:{one.id}", {"before": before, "after": values})


def blank_row(entry: str, ref: str | None, values: Mapping[str, Any], *, now_ms: int) -> dict[str, Any]:
    """The first row of an entry, with no override."""
    return {
        **values, "id": entry, "ref": ref, "created_ms": now_ms, "revision": 1, "retired_ms": None,
        "tier_override": None, "override_reason": None, "override_signature": None,
    }  # fmt: skip


@needs("inventory")
def retire(house: House, key: str, revision: int) -> None:
    """Takes an entry out of use; it stays with its history. One that nobody described gets its row by it."""
    _set_retired(house, key, revision, retired=True)


@needs("inventory")
def restore(house: House, key: str, revision: int) -> None:
    """Takes a retired entry into use again. Raises Conflict where another one speaks of its registered model by now."""
    _set_retired(house, key, revision, retired=False)


def _set_retired(house: House, key: str, revision: int, *, retired: bool) -> None:
    one = inventory.entry(house, key, day=inventory.today())
    if one.id is None:
        raise Conflict(
            f"{one.name[:80]} is not described yet, so it cannot be retired.",
            hint="It leaves the inventory when it is deleted at its source; or describe it first.",
        )
    if (one.retired_ms is not None) == retired:
        raise Conflict(
            f"{one.name[:80]} is {'retired already' if retired else 'not retired'}.", hint="Reload the page."
        )
    with house.deciding("inventory", inventory.homes(house)(one.ref, one.values["project"])) as tx:
        if not retired and one.ref and one.ref in table.live_by_refs(tx.connection, {one.ref}):
            raise Conflict(f"{one.ref[:80]} has another entry by now.", hint="Retire that one first.")
        if not table.change(tx.connection, one.id, revision, {"retired_ms": tx.now_ms if retired else None}):
            raise stale_error([one.name[:80]])
        tx.append(
            "inventory.retired" if retired else "inventory.restored", f"inventory:{one.id}",
            {"before": {"retired": not retired}, "after": {"retired": retired}},
        )  # fmt: skip


def stale_error(names: Sequence[str]) -> Conflict:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return Conflict(
        f"Somebody else changed this meanwhile: {'; '.join(names[:MOST_NAMED])}{more}. Nothing was saved.",
        hint="Look at what it says now, then make your changes again.",
    )
