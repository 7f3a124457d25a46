"""The audit trail: what filters find is what a plain reading finds, exports can be recomputed, breaks are named."""

import csv
import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import rfc8785
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from core.api.app import build
from core.errors import Invalid, NotAllowed, NotFound
from core.ledger import chain, trail
from core.ledger.schema import audit_events, sealed_texts
from core.ledger.trail import Wanted
from core.services import audit, audit_check, audit_export
from core.services.audit import Query
from core.services.house import House
from core.settings import load
from tests.demo_actors import furnished, seen_by

HOSTILE = [
    "' OR 1=1 --", '"; DROP TABLE audit_events; --', "%", "_", "\\", "*", "person:%", "role.%", "\x00",
    "<script>x</script>", "=1+1", "person:p_0' UNION SELECT 1", "🜁", "a" * 300, ".", ":",
]  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A demo house, read only: people, roles, and 250 events about things, a day apart."""
    made = furnished(House(load({}, tmp_path_factory.mktemp("audit"))))
    start = 1_760_000_000_000
    for number in range(250):
        with made.ledger.transaction(actor="local", now_ms=start + number * 86_400_000) as tx:
            secret = tx.seal(f"Reason {number} by Zoë", "local")
            tx.append(
                ("inventory.changed", "project.changed", "inventoryx.changed")[number % 3],
                f"{('inventory', 'project', 'inventoryx')[number % 3]}:i_{number % 7}",
                {"before": {"n": number}, "after": {"n": number + 1, "why": secret}},
            )
    yield made
    made.close()


@pytest.fixture
def auditor(house: House) -> House:
    return seen_by(house, "r.novak")


def everything(house: House) -> list[chain.Event]:
    with house.ledger.reading() as connection:
        return list(trail.in_order(connection, Wanted()))


wanted = st.builds(
    Wanted,
    actor=st.sampled_from(["", "local", "system", "nobody", *HOSTILE]),
    action=st.sampled_from(["", "inventory", "inventory.changed", "role", "role.given", "inventoryx", *HOSTILE]),
    subject=st.sampled_from(["", "inventory", "inventory:i_3", "inventoryx", "person", "project:i_1", *HOSTILE]),
    from_ms=st.none() | st.integers(1_760_000_000_000, 1_785_000_000_000),
    to_ms=st.none() | st.integers(1_760_000_000_000, 1_785_000_000_000),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(wanted=wanted, page=st.integers(1, 4), size=st.sampled_from([1, 7, 100]))
def test_a_page_is_what_a_plain_reading_of_all_events_gives(
    auditor: House, wanted: Wanted, page: int, size: int
) -> None:
    def fits(event: chain.Event) -> bool:
        def named(asked: str, said: str, mark: str) -> bool:
            return not asked or said == asked or (mark not in asked and said.startswith(asked + mark))

        return (
            wanted.actor in ("", event.actor)
            and named(wanted.action, event.action, ".")
            and named(wanted.subject, event.subject, ":")
            and (wanted.from_ms is None or event.time_ms >= wanted.from_ms)
            and (wanted.to_ms is None or event.time_ms < wanted.to_ms)
        )

    expected = [event.seq for event in reversed(everything(auditor)) if fits(event)]
    found = audit.search(auditor, Query(wanted=wanted), page=page, size=size)
    assert found.total == len(expected)
    page = min(page, max(-(-len(expected) // size), 1))
    assert [line.seq for line in found.lines] == expected[(page - 1) * size : page * size]


def test_words_find_actions_names_and_sealed_texts_whatever_their_case(auditor: House) -> None:
    assert {line.action for line in audit.search(auditor, Query(words="OKAFOR role")).lines} == {"role.given"}
    found = audit.search(auditor, Query(words="reason 77 ZOË")).lines
    told = [audit.event(auditor, line.seq).changes[1].after for line in found]
    assert told == [f"Reason {n} by Zoë" for n in (177, 176, 77, 76)], (
        "each counts to, or from, 77; no seal's digits do"
    )
    assert audit.search(auditor, Query(words="reason nowhere")).total == 0


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_and_filters_find_nothing_they_should_not(auditor: House, text: str) -> None:
    before = auditor.ledger.head()
    plain_hits = [e for e in everything(auditor) if text.casefold() in f"{e.action} {e.subject} {e.actor} {e.payload}"]
    found = audit.search(auditor, Query(words=text))
    assert found.total >= len(plain_hits)
    for field in ("actor", "action", "subject"):
        assert audit.search(auditor, Query(wanted=Wanted(**{field: text}))).total == 0
    assert auditor.ledger.head() == before


def test_words_are_looked_for_in_bounded_steps_that_can_be_continued(
    auditor: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [line.seq for line in audit.search(auditor, Query(words="inventory i_3"), size=1_000).lines]
    monkeypatch.setattr(audit, "SCANNED", 40)
    found, before, steps = [], None, 0
    while True:
        part = audit.search(auditor, Query(words="inventory i_3 "), size=1_000, before=before)
        assert part.looked is not None
        assert part.looked <= 40
        found += [line.seq for line in part.lines]
        steps, before = steps + 1, part.further
        if before is None:
            break
    assert found == whole
    assert steps > 5


@pytest.mark.parametrize("page", [-5, 0, 10**6, 2**62, 2**200])
@pytest.mark.parametrize("size", [-1, 0, 10**9])
def test_hostile_paging_is_brought_within_bounds(auditor: House, page: int, size: int) -> None:
    found = audit.search(auditor, Query(), page=page, size=size, before=-(2**80))
    assert 1 <= len(found.lines) <= 1_000
    assert audit.search(auditor, Query(words="changed"), page=page, before=2**200).total == 250


@pytest.mark.parametrize("query", [
    Query(words="w " * 9), Query(words="x" * 301), Query(wanted=Wanted(actor="x" * 301)),
    Query(wanted=Wanted(from_ms=2**80)),
])  # fmt: skip
def test_what_is_too_long_is_refused(auditor: House, query: Query) -> None:
    with pytest.raises(Invalid):
        audit.search(auditor, query)


@pytest.mark.parametrize("seq", [0, -1, 10**9, 2**70])
def test_an_event_that_is_not_there_is_not_found(auditor: House, seq: int) -> None:
    with pytest.raises(NotFound):
        audit.event(auditor, seq)


def test_an_event_shows_before_and_after_with_texts_in_place_of_seals(auditor: House) -> None:
    seq = everything(auditor)[-1].seq
    opened = audit.event(auditor, seq)
    told = {change.field: (change.before, change.after, change.state) for change in opened.changes}
    assert told == {"n": ("249", "250", "changed"), "why": ("", "Reason 249 by Zoë", "added")}
    assert hashlib.sha256(opened.raw.encode()).hexdigest() == opened.hash


def test_an_erased_text_is_told_as_erased_and_found_no_more(tmp_path: Path) -> None:
    house = furnished(House(load({}, tmp_path)))
    try:
        lead = seen_by(house, "m.okafor").actor
        with house.ledger.transaction(actor="system", now_ms=1) as tx:
            seq = tx.append("person.changed", f"person:{lead.id}", {"after": {"name": tx.seal("Quondam", lead.id)}})
        auditor = seen_by(house, "r.novak")
        assert audit.search(auditor, Query(words="quondam")).total == 1
        with house.ledger.transaction(actor="system", now_ms=2) as tx:
            tx.connection.execute(sa.delete(sealed_texts).where(sealed_texts.c.person == lead.id))
            tx.append("person.erased", f"person:{lead.id}", {})
        assert audit.event(auditor, seq).changes[0].after == "(erased)"
        assert audit.search(auditor, Query(words="quondam")).total == 0
        assert audit_check.verify(auditor).intact
    finally:
        house.close()


@pytest.mark.parametrize("login", ["t.moreau", "m.okafor", "a.lindqvist"])
def test_those_without_the_right_see_no_trail(house: House, login: str) -> None:
    seen = seen_by(house, login)
    for look in (
        lambda: audit.search(seen, Query()), lambda: audit.event(seen, 1), lambda: audit.actions(seen),
        lambda: audit_export.export(seen, Query(), "csv"), lambda: audit_check.verify(seen),
        lambda: audit_check.start(seen), lambda: audit.history(seen, f"person:{seen.actor.id}"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            look()
    assert audit.history(seen, "inventory:i_3", limit=3), "who sees a thing sees its history"


def test_the_export_can_be_recomputed_by_an_outsider(tmp_path: Path) -> None:
    house = furnished(House(load({}, tmp_path)))
    try:
        auditor = seen_by(house, "r.novak")
        (tmp_path / "audit.jsonl").write_bytes(b"".join(audit_export.export(auditor, Query(), "jsonl")))
        count, last = 0, "0" * 64
        for line in (tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            own = said.pop("hash")
            assert hashlib.sha256(rfc8785.dumps(said)).hexdigest() == own
            assert said["previous"] == last
            count, last = count + 1, own
        assert (count, last) == auditor.ledger.head(), "the export itself is the last event"
        assert said["action"] == "audit.exported"
        scope: dict = {}
        exec(audit_export.RECIPE.replace("audit.jsonl", str(tmp_path / "audit.jsonl")), scope)
        assert scope["last"] == last
    finally:
        house.close()


def test_csv_holds_the_filtered_events_and_no_formula(tmp_path: Path) -> None:
    house = furnished(House(load({}, tmp_path)))
    try:
        with house.ledger.transaction(actor="=cmd|' /C calc'!A0", now_ms=1) as tx:
            tx.append("+odd.thing", "@SUM(1)", {})
        auditor = seen_by(house, "r.novak")
        text = b"".join(audit_export.export(auditor, Query(words="sum"), "csv")).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["subject"] for row in rows if row["action"] == "'+odd.thing"] == ["'@SUM(1)"]
        assert rows[0]["actor"] == "'=cmd|' /C calc'!A0"
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
        event = audit.search(auditor, Query(wanted=Wanted(action="audit"))).lines[0]
        words = dict(audit.event(auditor, event.seq).facts)
        assert "sum" in words["filters"]
        assert chain.SEALED in audit.event(auditor, event.seq).raw, "words may name people"
    finally:
        house.close()


@pytest.mark.parametrize("harm", ["changed", "deleted", "truncated", "reordered"])
def test_verification_names_the_first_broken_event(tmp_path: Path, harm: str) -> None:
    house = furnished(House(load({}, tmp_path)))
    try:
        auditor = seen_by(house, "r.novak")
        assert audit_check.verify(auditor).intact
        count = auditor.ledger.head()[0]
        file = house.ledger.engine.url.database
        with sqlite3.connect(file) as raw:
            for trigger in ("no_update", "no_delete", "in_order"):
                raw.execute(f"DROP TRIGGER audit_events_{trigger}")
            if harm == "changed":
                raw.execute("UPDATE audit_events SET actor = 'local' WHERE seq = 5")
            elif harm == "deleted":
                raw.execute("DELETE FROM audit_events WHERE seq = 5")
            elif harm == "truncated":
                raw.execute("DELETE FROM audit_events WHERE seq = ?", (count,))
            else:
                raw.execute("UPDATE audit_events SET seq = -5 WHERE seq = 5")
                raw.execute("UPDATE audit_events SET seq = 5 WHERE seq = 6")
                raw.execute("UPDATE audit_events SET seq = 6 WHERE seq = -5")
        raw.close()
        found = audit_check.verify(auditor)
        assert found.broken == {"changed": 5, "deleted": 5, "truncated": count, "reordered": 5}[harm]
        assert any(problem.startswith("Event") for problem in found.problems)
        job = house.jobs.wait(audit_check.start(auditor).id, 30)
        assert audit_check.Checked(**job.result).broken == found.broken
        assert audit_check.latest(auditor).id == job.id
    finally:
        house.close()


def test_routes_answer_those_who_may_and_stream_exports(house: House) -> None:
    def api(login: str) -> TestClient:
        made = build(lambda: house, lambda: "secret")
        made.state.visit = lambda _: seen_by(house, login)
        return TestClient(made, base_url="http://localhost")

    mine = api("r.novak")
    answer = mine.get("/audit", params={"action": "role", "limit": 3, "page": 2}).json()
    assert answer["total"] == 7
    assert [item["action"] for item in answer["items"]] == ["role.given"] * 3
    day = mine.get("/audit", params={"from": "2025-10-09", "to": "2025-10-09", "subject": "inventory"}).json()
    assert day["total"] == 1
    assert mine.get(f"/audit/{answer['items'][0]['seq']}").json()["line"]["action"] == "role.given"
    for path in ("/audit?page=0", "/audit?limit=5000", "/audit?from=soon", "/audit/x", "/audit/export?format=exe"):
        assert mine.get(path).status_code == 422
    assert mine.get("/audit/99999999").status_code == 404
    taken = mine.get("/audit/export", params={"format": "jsonl", "action": "role"})
    assert len(taken.text.splitlines()) == 7
    assert "attachment" in taken.headers["content-disposition"]
    assert mine.get("/audit/export", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    theirs = api("t.moreau")
    for path in ("/audit", "/audit/1", "/audit/export"):
        assert theirs.get(path).status_code == 403


def test_the_tables_have_the_index_that_days_need(house: House) -> None:
    with house.ledger.reading() as connection:
        found = {index["name"]: index["column_names"] for index in sa.inspect(connection).get_indexes("audit_events")}
    assert found["ix_audit_events_time_ms"] == ["time_ms", "seq"]
    assert {index.name: [c.name for c in index.columns] for index in audit_events.indexes} == found
