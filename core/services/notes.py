"""Notes and tags made here, on runs, models and versions."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.governance.rights import Actor
from core.ledger import notes as store
from core.ledger import people
from core.ledger.chain import SEALED
from core.ledger.store import Transaction
from core.services import directory, runs, scope, versions
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House

KINDS = ("run", "model", "version")
TEXT_LONGEST, KEY_LONGEST, VALUE_LONGEST, SUBJECT_LONGEST = 10_000, 100, 500, 1_000
MOST_NOTES, MOST_TAGS = 500, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note. text: plain, untrusted; None when it was erased with its author.

    editable: this actor may change and delete it.  revision: to be handed back with a change.
    """

    id: str
    subject: str
    author: str
    author_name: str
    text: str | None
    created_ms: int
    edited_ms: int | None
    editable: bool
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseTag:
    """A tag made here. value: None when it was erased with its author."""

    subject: str
    key: str
    value: str | None
    author: str
    author_name: str
    set_ms: int


def subject_of(kind: str, ref: str, version: str = "") -> str:
    """The subject of a run or model by its ref ("source:id"), or of a model's version."""
    return f"{kind}:{ref}/{version}" if kind == "version" else f"{kind}:{ref}"


@needs("view")
def notes(house: House, subject: str) -> tuple[Note, ...]:
    """Notes on one run, model or version, newest first. Raises NotFound, Invalid."""
    see(house, subject)
    with house.ledger.reading() as connection:
        rows = store.notes_on(connection, subject)
    return tuple(
        Note(
            id=row["id"], subject=subject, author=row["author"], author_name=directory.name(house, row["author"]),
            text=row["text"], created_ms=row["created_ms"], edited_ms=row["edited_ms"],
            editable=_edits(house.actor, row), revision=row["revision"],
        )
        for row in rows
    )  # fmt: skip


@needs("annotate")
def add(house: House, subject: str, text: str) -> str:
    """A new note; returns its id. Raises Invalid, NotFound."""
    said = _text(text)
    see(house, subject)
    with _deciding(house, subject) as tx:
        held = sa.select(sa.func.count()).where(store.notes.c.subject == subject)
        if tx.connection.execute(held).scalar_one() >= MOST_NOTES:
            raise Invalid(f"There are {MOST_NOTES} notes here.", hint="Delete some first.")
        return write(tx, subject, said)


@needs("annotate")
def edit(house: House, note_id: str, text: str, *, revision: int) -> None:
    """Changes a note; the trail keeps what it said before. Raises Invalid, NotFound, NotAllowed, Conflict."""
    said = _text(text)
    with _deciding(house, _subject_of_note(house, note_id)) as tx:
        row = _editable(tx, house.actor, note_id)
        seal = tx.seal(said, row["author"])
        table = store.notes
        changed = tx.connection.execute(
            sa.update(table)
            .where(table.c.id == note_id, table.c.revision == revision)
            .values(seal=_digest(seal), edited_ms=tx.now_ms, revision=revision + 1)
        )
        if changed.rowcount != 1:
            raise Conflict("This note was changed meanwhile.", hint="Read it again and repeat your change.")
        tx.append(
            "note.edited", f"note:{note_id}",
            {"before": {"text": _sealed(row["seal"])}, "after": {"text": seal}, "on": row["subject"]},
        )  # fmt: skip


@needs("annotate")
def delete(house: House, note_id: str, *, revision: int) -> None:
    """Takes a note away; the trail keeps what it said. Raises NotFound, NotAllowed, Conflict."""
    with _deciding(house, _subject_of_note(house, note_id)) as tx:
        row = _editable(tx, house.actor, note_id)
        if row["revision"] != revision:
            raise Conflict("This note was changed meanwhile.", hint="Read it again before you delete it.")
        tx.connection.execute(sa.delete(store.notes).where(store.notes.c.id == note_id))
        tx.append(
            "note.deleted", f"note:{note_id}", {"before": {"text": _sealed(row["seal"])}, "on": row["subject"]}
        )  # fmt: skip


@needs("view")
def tags(house: House, subject: str) -> tuple[HouseTag, ...]:
    """Tags made here of one run, model or version, by key. Raises NotFound, Invalid."""
    see(house, subject)
    with house.ledger.reading() as connection:
        rows = store.tags_on(connection, subject)
    return tuple(_tag(house, row) for row in rows)


@needs("view")
@cached(maxsize=4, decisions=True)
def tags_of_models(house: House) -> Mapping[str, tuple[str, ...]]:
    """Tags made here of all models by ref, each as "key=value"."""
    found: dict[str, list[str]] = {}
    with house.ledger.reading() as connection:
        for row in store.tags_of_kind(connection, "model"):
            if row["text"] is not None:
                found.setdefault(row["subject"].removeprefix("model:"), []).append(f"{row['key']}={row['text']}")
    seen = house.scope
    return {ref: tuple(said) for ref, said in found.items() if seen is None or ref in seen.models}


@needs("annotate")
def set_tag(house: House, subject: str, key: str, value: str) -> None:
    """Sets a tag, in place of another value of that key. Raises Invalid, NotFound."""
    key, value = _line(key, KEY_LONGEST, "key"), _line(value, VALUE_LONGEST, "value")
    see(house, subject)
    with _deciding(house, subject) as tx:
        held = {row["key"]: row for row in store.tags_on(tx.connection, subject)}
        if key in held and held[key]["text"] == value:
            return
        if key not in held and len(held) >= MOST_TAGS:
            raise Invalid(f"There are {MOST_TAGS} tags here.", hint="Take one off first.")
        put_tag(tx, subject, key, value, held.get(key))


@needs("annotate")
def remove_tag(house: House, subject: str, key: str) -> None:
    """Takes a tag off. Raises NotFound."""
    see(house, subject)
    with _deciding(house, subject) as tx:
        row = next((row for row in store.tags_on(tx.connection, subject) if row["key"] == key), None)
        if row is None:
            raise NotFound(f"There is no tag {key[:60]!r} here.", hint="Somebody may have taken it off meanwhile.")
        _drop_tag(tx, subject, key)
        tx.append("tag.removed", subject, {"key": key, "before": {"value": _sealed(row["seal"])}})


def write(tx: Transaction, subject: str, text: str) -> str:
    """A note of the one who decides, in a decision under way; returns its id."""
    made, seal = people.new_id("n"), tx.seal(text, tx.actor)
    tx.connection.execute(
        sa.insert(store.notes).values(
            id=made, subject=subject, author=tx.actor, seal=_digest(seal), created_ms=tx.now_ms, edited_ms=None,
            revision=1,
        )
    )  # fmt: skip
    tx.append("note.added", f"note:{made}", {"after": {"text": seal}, "on": subject})
    return made


def put_tag(tx: Transaction, subject: str, key: str, value: str, before: store.Row | None = None) -> None:
    """A tag of the one who decides, in a decision under way. before: the row it replaces."""
    seal = tx.seal(value, tx.actor)
    _drop_tag(tx, subject, key)
    tx.connection.execute(
        sa.insert(store.house_tags).values(
            subject=subject, key=key, seal=_digest(seal), author=tx.actor, set_ms=tx.now_ms
        )
    )
    said = {"key": key, "after": {"value": seal}}
    tx.append("tag.set", subject, said | ({"before": {"value": _sealed(before["seal"])}} if before else {}))


def _drop_tag(tx: Transaction, subject: str, key: str) -> None:
    table = store.house_tags
    tx.connection.execute(sa.delete(table).where(table.c.subject == subject, table.c.key == key))


def _deciding(house: House, subject: str) -> AbstractContextManager[Transaction]:
    """A decision about a subject, through the project in which the actor may. Raises NotFound, NotAllowed, Invalid."""
    see(house, subject)
    kind, _, ref = subject.partition(":")
    on: scope.Kind = "run" if kind == "run" else "model"
    return house.deciding(
        "annotate", scope.project_of(house, on, ref.rpartition("/")[0] if kind == "version" else ref, "annotate")
    )


def _subject_of_note(house: House, note_id: str) -> str:
    """Raises NotFound, also for a note on what the actor does not see."""
    with house.ledger.reading() as connection:
        row = store.note(connection, note_id)
    if row is None:
        raise _gone()
    try:
        see(house, row["subject"])
    except NotFound as error:
        raise _gone() from error
    return str(row["subject"])


def _gone() -> NotFound:
    return NotFound("There is no such note.", hint="Somebody may have deleted it meanwhile.")


@needs("view")
def see(house: House, subject: str) -> None:
    """Raises NotFound unless the actor is shown the subject, and Invalid for what is none."""
    kind, _, ref = subject.partition(":")
    if kind not in KINDS or not ref or len(subject) > SUBJECT_LONGEST:
        raise Invalid("A subject is run:source:id, model:source:name or version:source:name/number.", field="subject")
    if kind == "version":
        model, _, number = ref.rpartition("/")
        versions.version(house, model, number)
    else:
        shown: Callable[[House, str], object] = runs.run if kind == "run" else versions.opened
        shown(house, ref)


def _edits(actor: Actor, row: store.Row) -> bool:
    return actor.may_somewhere("annotate") and (row["author"] == actor.id or actor.may("access"))


def _editable(tx: Transaction, actor: Actor, note_id: str) -> store.Row:
    row = store.note(tx.connection, note_id)
    if row is None:
        raise _gone()
    if not _edits(actor, row):
        raise NotAllowed("This note is by somebody else.", hint="Write one of your own.")
    return row


def _tag(house: House, row: store.Row) -> HouseTag:
    return HouseTag(
        subject=row["subject"], key=row["key"], value=row["text"], author=row["author"],
        author_name=directory.name(house, row["author"]), set_ms=row["set_ms"],
    )  # fmt: skip


def _text(text: str) -> str:
    said = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not said or len(said) > TEXT_LONGEST:
        raise Invalid(f"A note has 1 to {TEXT_LONGEST:,} characters.", field="text")
    return said


def _line(text: str, longest: int, field: str) -> str:
    said = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not said or len(said) > longest:
        raise Invalid(f"A tag's {field} has 1 to {longest} characters.", field=field)
    return said


def _digest(seal: Mapping[str, str]) -> str:
    (digest,) = seal.values()
    return digest


def _sealed(digest: str) -> dict[str, str]:
    """What stands in a payload for a text that was sealed before."""
    return {SEALED: digest}
