"""Saved views: a page's filters and columns under a name; one's own, or shared with everybody."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.governance.rights import Actor
from core.ledger import people
from core.ledger import views as store
from core.ledger.store import Transaction
from core.services import directory
from core.services.guard import needs
from core.services.house import House

Audience = Literal["private", "project", "everybody"]
Params = tuple[tuple[str, tuple[str, ...]], ...]

PAGES: Mapping[str, Mapping[str, int]] = {
    "experiments": {
        "q": 1, "sort": 1, "way": 1, "spark": 1, "deleted": 1,
        "experiment": 200, "group": 50, "column": 200, "pin": 200,
    },
}  # fmt: skip
"""Query parameters that a page's views keep, and how many values each may have."""
NAME_LONGEST, VALUE_LONGEST, PARAMS_LONGEST = 80, 2_000, 20_000
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view as the actor sees it.

    params: query parameters with their values, by name.  owner_active: may sign in.
    default: it is what the page begins with for this actor.  for_everybody: for everybody who chose none.
    editable: this actor may rename, change, share and delete it.  revision: to be handed back with a change.
    """

    id: str
    page: str
    name: str
    owner: str
    owner_name: str
    owner_active: bool
    audience: str
    project: str | None
    params: Params
    created_ms: int
    changed_ms: int
    default: bool
    for_everybody: bool
    editable: bool
    revision: int

    @property
    def shared(self) -> bool:
        return self.audience != "private"


@needs("view")
def listing(house: House, page: str | None = None) -> tuple[View, ...]:
    """The views that the actor sees, its own first, each group by name. page: None for those of all pages."""
    with house.ledger.reading() as connection:
        rows = [row for row in store.of_page(connection, page) if _sees(house.actor, row)]
        chosen = store.defaults(connection, house.actor.id)
    found = [_view(house, row, chosen) for row in rows]
    return tuple(sorted(found, key=lambda view: (view.owner != house.actor.id, view.name.casefold(), view.id)))


@needs("view")
def view(house: House, view_id: str) -> View:
    """One view. Raises NotFound, also for a private one of somebody else."""
    with house.ledger.reading() as connection:
        row = _row(connection, house.actor, view_id)
        chosen = store.defaults(connection, house.actor.id)
    return _view(house, row, chosen)


@needs("view")
def default(house: House, page: str) -> View | None:
    """The view a page begins with: the actor's choice, else everybody's; None without one that it sees."""
    with house.ledger.reading() as connection:
        chosen = store.defaults(connection, house.actor.id)
        for person in (house.actor.id, store.EVERYBODY):
            row = store.by_id(connection, chosen.get((person, page), ""))
            if row and row["deleted_ms"] is None and _sees(house.actor, row):
                return _view(house, row, chosen)
    return None


@needs("annotate")
def save(house: House, page: str, name: str, params: Mapping[str, Sequence[str]]) -> str:
    """Keeps a private view of what a page shows; returns its id. Raises Invalid."""
    name, kept = _name(name), checked(page, params)
    with _deciding(house) as tx:
        held = sa.select(sa.func.count()).where(
            store.saved_views.c.owner == tx.actor, store.saved_views.c.deleted_ms.is_(None)
        )
        if tx.connection.execute(held).scalar_one() >= MOST:
            raise Invalid(f"You have {MOST} views.", hint="Delete some first.")
        _unused(tx, page, name, tx.actor, "")
        made = people.new_id("v")
        tx.connection.execute(
            sa.insert(store.saved_views).values(
                id=made, page=page, name=name, owner=tx.actor, audience="private", project=None,
                params=json.dumps(kept), created_ms=tx.now_ms, changed_ms=tx.now_ms, deleted_ms=None, revision=1,
            )
        )  # fmt: skip
        after = {"name": name, "page": page, "audience": "private", **_told(tx, kept, tx.actor)}
        tx.append("view.saved", f"view:{made}", {"after": after})
    return made


@needs("annotate")
def rename(house: House, view_id: str, name: str, *, revision: int) -> None:
    """Raises Invalid, NotFound, NotAllowed, Conflict."""
    name = _name(name)
    with _deciding(house) as tx:
        row = _editable(tx, house.actor, view_id)
        _unused(tx, row["page"], name, row["owner"], view_id)
        _change(tx, row, revision, {"name": name})
        tx.append("view.renamed", f"view:{view_id}", {"before": {"name": row["name"]}, "after": {"name": name}})


@needs("annotate")
def update(house: House, view_id: str, params: Mapping[str, Sequence[str]], *, revision: int) -> None:
    """Makes a view show something else. Raises Invalid, NotFound, NotAllowed, Conflict."""
    with _deciding(house) as tx:
        row = _editable(tx, house.actor, view_id)
        kept, before = checked(row["page"], params), _params(row["params"])
        if kept == before:
            return
        _change(tx, row, revision, {"params": json.dumps(kept)})
        old, new = dict(before), dict(kept)
        differing = [key for key in PAGES[row["page"]] if old.get(key) != new.get(key)]
        tx.append(
            "view.changed", f"view:{view_id}",
            {
                "before": _told(tx, [(key, old[key]) for key in differing if key in old], row["owner"]),
                "after": _told(tx, [(key, new[key]) for key in differing if key in new], row["owner"]),
            },
        )  # fmt: skip


@needs("annotate")
def share(
    house: House, view_id: str, audience: Audience, *, revision: int, project: str | None = None
) -> None:  # fmt: skip
    """Shows a view to everybody or to those who see a project, which needs the right share; or makes it private.

    Raises NotFound, NotAllowed, Conflict.
    """
    if audience not in ("private", "project", "everybody") or (audience == "project") != (project is not None):
        raise Invalid("A view is shared with nobody, a project or everybody.", field="audience")
    if audience != "private":
        house.require("share", project)
    with _deciding(house) as tx:
        row = _editable(tx, house.actor, view_id)
        values = {"audience": audience, "project": project}
        before = {key: row[key] for key in values if row[key] != values[key]}
        if not before:
            return
        _change(tx, row, revision, values)
        if audience != "everybody":
            _forget_default(tx, row, everybody_only=True)
        after = {key: values[key] for key in before}
        happened = "view.unshared" if audience == "private" else "view.shared"
        tx.append(happened, f"view:{view_id}", {"before": before, "after": after})


@needs("annotate")
def delete(house: House, view_id: str, *, revision: int) -> None:
    """Deletes a view; `restore` takes that back. Raises NotFound, NotAllowed, Conflict."""
    with _deciding(house) as tx:
        row = _editable(tx, house.actor, view_id)
        _change(tx, row, revision, {"deleted_ms": tx.now_ms})
        _forget_default(tx, row, everybody_only=False)
        tx.append("view.deleted", f"view:{view_id}", {"before": {"name": row["name"]}})


@needs("annotate")
def restore(house: House, view_id: str) -> None:
    """Takes a deletion back. Raises NotFound, NotAllowed, Invalid when its name is taken by now."""
    with _deciding(house) as tx:
        row = store.by_id(tx.connection, view_id)
        if row is None or row["deleted_ms"] is None or not _sees(house.actor, row):
            raise _missing()
        _may_edit(house.actor, row)
        _unused(tx, row["page"], row["name"], row["owner"], view_id)
        _change(tx, row, row["revision"], {"deleted_ms": None})
        tx.append("view.restored", f"view:{view_id}", {"after": {"name": row["name"]}})


@needs("annotate")
def set_default(house: House, page: str, view_id: str | None) -> None:
    """What the page begins with for the actor; None: what it begins with for everybody. Raises NotFound."""
    if page not in PAGES:
        raise Invalid(f"The page {page[:40]!r} has no views.", field="page")
    with _deciding(house) as tx:
        if view_id is not None:
            _row(tx.connection, house.actor, view_id)
        before = store.set_default(tx.connection, tx.actor, page, view_id)
        if before != view_id:
            changes = {"before": {"view": before}, "after": {"view": view_id}}
            tx.append("view.chosen", f"person:{tx.actor}", {**changes, "page": page})


@needs("share", everywhere=True)
def set_default_for_everybody(house: House, page: str, view_id: str | None) -> None:
    """What the page begins with for all who chose none. Raises NotFound, Invalid for a view that not all see."""
    if page not in PAGES:
        raise Invalid(f"The page {page[:40]!r} has no views.", field="page")
    with house.deciding("share") as tx:
        if view_id is not None and _row(tx.connection, house.actor, view_id)["audience"] != "everybody":
            raise Invalid("Not everybody sees this view.", hint="Share it with everybody first.")
        before = store.set_default(tx.connection, store.EVERYBODY, page, view_id)
        if before != view_id:
            changes = {"before": {"view": before}, "after": {"view": view_id}}
            tx.append("view.default_set", f"view:{view_id or before}", {**changes, "page": page})


@needs("annotate")
def hand_over(house: House, view_id: str, person: str) -> None:
    """Gives a view another owner: by its owner; for one whose owner cannot sign in, by whoever may share.

    Raises NotFound, NotAllowed, Invalid for a person who cannot sign in.
    """
    known = directory.everyone(house)
    if person not in known or not known[person].active:
        raise Invalid("This person cannot sign in.", field="person", hint="Choose somebody else.")
    with _deciding(house) as tx:
        row = _row(tx.connection, house.actor, view_id)
        owner = known.get(row["owner"])
        left = (owner is None or not owner.active) and house.actor.may("share")
        if not left:
            _may_edit(house.actor, row)
        if row["owner"] == person:
            return
        _unused(tx, row["page"], row["name"], person, view_id)
        _change(tx, row, row["revision"], {"owner": person})
        tx.append(
            "view.handed_over", f"view:{view_id}", {"before": {"owner": row["owner"]}, "after": {"owner": person}}
        )


def checked(page: str, params: Mapping[str, Sequence[str]]) -> Params:
    """Query parameters as a view keeps them, by the page's own order. Raises Invalid."""
    if page not in PAGES:
        raise Invalid(f"The page {page[:40]!r} has no views.", field="page")
    kept: list[tuple[str, tuple[str, ...]]] = []
    for name in params:
        if name not in PAGES[page]:
            raise Invalid(f"A view of {page} keeps no {name[:40]!r}.", field="params")
    for name, most in PAGES[page].items():
        values = tuple(str(value) for value in params.get(name, ()) if str(value))
        if len(values) > most:
            raise Invalid(f"{name} has at most {most} values, got {len(values)}.", field="params")
        if any(len(value) > VALUE_LONGEST for value in values):
            raise Invalid(f"A value of {name} is longer than {VALUE_LONGEST:,} characters.", field="params")
        if values:
            kept.append((name, values))
    if len(json.dumps(kept)) > PARAMS_LONGEST:
        raise Invalid("This is more than a view keeps.", field="params", hint="Choose fewer columns or experiments.")
    return tuple(kept)


def _deciding(house: House) -> AbstractContextManager[Transaction]:
    """A decision about one's own views; for a token or role that holds in a project alone, there."""
    places = house.actor.places("annotate")
    return house.deciding("annotate", None if places is None else min(places, default=None))


def _view(house: House, row: store.Row, chosen: Mapping[tuple[str, str], str]) -> View:
    known = directory.everyone(house).get(row["owner"])
    mine = chosen.get((house.actor.id, row["page"])) == row["id"]
    return View(
        id=row["id"], page=row["page"], name=row["name"], owner=row["owner"],
        owner_name=directory.name(house, row["owner"]), owner_active=known.active if known else True,
        audience=row["audience"], project=row["project"], params=_params(row["params"]), created_ms=row["created_ms"],
        changed_ms=row["changed_ms"], default=mine,
        for_everybody=chosen.get((store.EVERYBODY, row["page"])) == row["id"], editable=_edits(house.actor, row),
        revision=row["revision"],
    )  # fmt: skip


def _sees(actor: Actor, row: store.Row) -> bool:
    if row["owner"] == actor.id or row["audience"] == "everybody":
        return True
    return row["audience"] == "project" and actor.may("view", row["project"])


def _edits(actor: Actor, row: store.Row) -> bool:
    if not actor.may_somewhere("annotate"):
        return False
    return row["owner"] == actor.id or (row["audience"] != "private" and actor.may("access"))


def _may_edit(actor: Actor, row: store.Row) -> None:
    if not _edits(actor, row):
        raise NotAllowed("This view belongs to somebody else.", hint="Save one of your own, or ask its owner.")


def _row(connection: sa.Connection, actor: Actor, view_id: str) -> store.Row:
    row = store.by_id(connection, view_id)
    if row is None or row["deleted_ms"] is not None or not _sees(actor, row):
        raise _missing()
    return row


def _editable(tx: Transaction, actor: Actor, view_id: str) -> store.Row:
    row = _row(tx.connection, actor, view_id)
    _may_edit(actor, row)
    return row


def _missing() -> NotFound:
    return NotFound("There is no such view.", hint="It may have been deleted, or be no longer shared with you.")


def _change(tx: Transaction, row: store.Row, revision: int, values: dict[str, Any]) -> None:
    if not store.change(tx.connection, row["id"], revision, {**values, "changed_ms": tx.now_ms}):
        raise Conflict("Somebody changed this view meanwhile.", hint="Open it again and repeat your change.")


def _forget_default(tx: Transaction, row: store.Row, *, everybody_only: bool) -> None:
    table = store.view_defaults
    gone = sa.delete(table).where(table.c.view == row["id"])
    if everybody_only:  # those who chose it see it no more, or are its owner: `default` passes over what is not seen
        gone = gone.where(table.c.person == store.EVERYBODY)
    tx.connection.execute(gone)


def _unused(tx: Transaction, page: str, name: str, owner: str, but: str) -> None:
    table = store.saved_views
    same = sa.select(table.c.name).where(
        table.c.page == page, table.c.owner == owner, table.c.deleted_ms.is_(None), table.c.id != but
    )
    if name.casefold() in {row.name.casefold() for row in tx.connection.execute(same)}:
        raise Invalid(f"There is a view {name!r} already.", field="name", hint="Choose another name, or update it.")


def _name(name: str) -> str:
    said = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if not said or len(said) > NAME_LONGEST:
        raise Invalid(f"A view's name has 1 to {NAME_LONGEST} characters.", field="name")
    return said


def _params(text: str) -> Params:
    return tuple((name, tuple(values)) for name, values in json.loads(text))


def _told(tx: Transaction, params: Sequence[tuple[str, Sequence[str]]], owner: str) -> dict[str, Any]:
    """Parameters for the trail. A search is sealed: people search for the runs of colleagues."""
    return {
        name: tx.seal(" ".join(values), owner) if name == "q" else list(values) for name, values in params
    }  # fmt: skip
