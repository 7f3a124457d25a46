"""Notes and tags made here: kept as they were typed, changed by their authors alone, erasable."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from core.errors import Conflict, Invalid, NotAllowed, NotFound
from core.ledger.schema import sealed_texts
from core.services import audit, demo_notes, models, notes
from core.services.audit import Query
from core.services.house import House, silent
from core.settings import load
from tests.demo_actors import furnished, seen_by

MODEL, VERSION = "model:demo:credit_risk", "version:demo:credit_risk/6"
HOSTILE = ["<script>alert(1)</script>", "**bold** [x](javascript:alert(1)) $x$ :material/home:", "' OR 1=1 --", "a\nb"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = furnished(House(load({}, tmp_path_factory.mktemp("notes"))))
    made.sync("demo", silent)
    yield made
    made.close()


@pytest.fixture
def author(house: House) -> House:
    return seen_by(house, "m.okafor")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("subject", [MODEL, VERSION])
def test_a_note_says_what_was_typed(author: House, subject: str, text: str) -> None:
    made = notes.add(author, subject, f"  {text}\r\n")
    (note,) = [note for note in notes.notes(author, subject) if note.id == made]
    assert (note.text, note.author_name, note.edited_ms, note.editable) == (text, "Mercy Okafor", None, True)
    notes.delete(author, made, revision=1)
    assert made not in {note.id for note in notes.notes(author, subject)}


def test_an_edit_keeps_what_was_said_before_in_the_trail(author: House) -> None:
    made = notes.add(author, MODEL, "First thought")
    notes.edit(author, made, "Second thought", revision=1)
    for late in (lambda: notes.edit(author, made, "Late", revision=1), lambda: notes.delete(author, made, revision=1)):
        with pytest.raises(Conflict):
            late()
    (note,) = [note for note in notes.notes(author, MODEL) if note.id == made]
    assert note.text == "Second thought"
    assert note.edited_ms is not None
    auditor = seen_by(author, "r.novak")
    line = audit.search(auditor, Query(words="first thought")).lines[0]
    (change,) = audit.event(auditor, line.seq).changes
    assert (line.said, change.before, change.after) == (
        "Mercy Okafor edited a note on the model demo:credit_risk", "First thought", "Second thought",
    )  # fmt: skip
    assert "thought" not in audit.event(auditor, line.seq).raw
    notes.delete(author, made, revision=2)


def test_only_the_author_or_an_administrator_changes_a_note(author: House) -> None:
    made = notes.add(author, MODEL, "Mine")
    for login in ("s.iyer", "a.lindqvist", "r.novak", "t.moreau"):
        other = seen_by(author, login)
        assert not next(note for note in notes.notes(other, MODEL) if note.id == made).editable
        with pytest.raises(NotAllowed):
            notes.edit(other, made, "Yours", revision=1)
        with pytest.raises(NotAllowed):
            notes.delete(other, made, revision=1)
    notes.delete(seen_by(author, "j.baumann"), made, revision=1)
    with pytest.raises(NotFound):
        notes.edit(author, made, "Gone", revision=1)


@pytest.mark.parametrize("login", ["r.novak", "t.moreau"])
def test_who_only_reads_writes_nothing(author: House, login: str) -> None:
    reader = seen_by(author, login)
    for attempt in (
        lambda: notes.add(reader, MODEL, "x"), lambda: notes.set_tag(reader, MODEL, "a", "b"),
        lambda: notes.remove_tag(reader, MODEL, "a"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            attempt()


@pytest.mark.parametrize("subject", ["model:demo:nothing", "run:demo:nothing", "version:demo:credit_risk/99"])
def test_nothing_is_noted_on_what_is_not_there(author: House, subject: str) -> None:
    with pytest.raises(NotFound):
        notes.add(author, subject, "x")
    with pytest.raises(NotFound):
        notes.notes(author, subject)


@pytest.mark.parametrize("subject", ["", "model", "model:", "person:p_1", "model:" + "x" * 2_000])
def test_what_is_no_subject_is_refused(author: House, subject: str) -> None:
    with pytest.raises(Invalid):
        notes.notes(author, subject)


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_001])
def test_an_empty_or_endless_note_is_refused(author: House, text: str) -> None:
    with pytest.raises(Invalid):
        notes.add(author, MODEL, text)


@pytest.mark.parametrize("value", HOSTILE)
def test_tags_are_set_replaced_found_and_taken_off(author: House, value: str) -> None:
    kept = " ".join(value.split())
    notes.set_tag(author, MODEL, "review", "first")
    notes.set_tag(author, MODEL, "review", value)
    (tag,) = notes.tags(author, MODEL)
    assert (tag.key, tag.value, tag.author_name) == ("review", kept, "Mercy Okafor")
    (found,) = models.listing(author, text=f"review={kept}").models
    assert found.ref == "demo:credit_risk"
    assert found.tags_here == (f"review={kept}",)
    assert f"review={kept}" not in found.tags, "not among the source's"
    before = author.ledger.head()
    notes.set_tag(author, MODEL, "review", value)
    assert author.ledger.head() == before, "nothing changed, nothing is told"
    notes.remove_tag(author, MODEL, "review")
    assert notes.tags(author, MODEL) == ()
    with pytest.raises(NotFound):
        notes.remove_tag(author, MODEL, "review")


@pytest.mark.parametrize(("key", "value"), [("", "x"), ("x", ""), ("k" * 101, "x"), ("k", "v" * 501)])
def test_a_tag_has_a_key_and_a_value(author: House, key: str, value: str) -> None:
    with pytest.raises(Invalid):
        notes.set_tag(author, MODEL, key, value)


def test_erasing_the_author_erases_the_texts_everywhere(author: House) -> None:
    writer = seen_by(author, "s.iyer")
    notes.add(writer, VERSION, "Zeuxis said so")
    notes.set_tag(writer, VERSION, "seen by", "Zeuxis")
    with author.ledger.transaction(actor="system", now_ms=1) as tx:
        tx.connection.execute(sa.delete(sealed_texts).where(sealed_texts.c.person == writer.actor.id))
        tx.append("person.erased", f"person:{writer.actor.id}", {})
    assert [note.text for note in notes.notes(author, VERSION)] == [None]
    assert [tag.value for tag in notes.tags(author, VERSION)] == [None]


def test_the_demo_is_annotated_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    house = furnished(House(load({}, tmp_path_factory.mktemp("once"))))
    try:
        house.sync("demo", silent)
        demo_notes.furnish(house.ledger)
        head = house.ledger.head()
        demo_notes.furnish(house.ledger)
        assert house.ledger.head() == head
        reader = seen_by(house, "t.moreau")
        told = {subject: notes.notes(reader, subject) for _, subject, _ in demo_notes.NOTES}
        assert sum(len(found) for found in told.values()) == len(demo_notes.NOTES)
        authors = {note.author_name for found in told.values() for note in found}
        assert authors == {"Sanjay Iyer", "Astrid Lindqvist", "Mercy Okafor"}
    finally:
        house.close()
