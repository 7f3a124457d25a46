"""Backups taken under load come back as stores that verify; bad ones change nothing."""

import json
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.errors import Busy, Conflict, GatehouseError, Invalid, StoreNewer
from core.ledger import archive, migrating
from core.ledger.backup import backup
from core.ledger.engines import engine_of
from core.ledger.restore import restore
from core.ledger.schema import audit_events, leases
from core.ledger.sessions import sessions
from core.ledger.store import Ledger, open_ledger
from core.ledger.verify import verify
from tests.ledger.deciders import count, counted, start_counter
from tests.ledgers import BOTH

SESSION = {
    "id": "s_1", "digest": "d", "person": "p_1", "method": "password", "created_ms": 1, "seen_ms": 1,
    "expires_ms": 10**15, "address": "", "agent": "é\u2028",
}  # fmt: skip


def _url(ledger: Ledger) -> str:
    return ledger.engine.url.set(drivername=ledger.engine.url.get_backend_name()).render_as_string()


@pytest.fixture
def kept(ledger: Ledger, tmp_path: Path) -> Path:
    """A backup of a small ledger with a session, a lease and an observed file."""
    start_counter(ledger)
    for n in range(5):
        with ledger.transaction(actor="p_1", now_ms=n) as tx:
            count(tx, "x")
            tx.append("person.added", "person:p_1", {"after": {"name": tx.seal(f"Name {n} \U0001f600", "p_1")}})
    with ledger.transaction(actor="p_1", now_ms=9) as tx:
        tx.connection.execute(sa.insert(sessions).values(**SESSION))
        tx.connection.execute(sa.insert(leases).values(name="sync", holder="x", until_ms=10**15))
    (tmp_path / "from" / "observed" / "changes").mkdir(parents=True)
    (tmp_path / "from" / "observed" / "changes" / "1.parquet").write_bytes(b"seen" * 1000)
    (tmp_path / "from" / "observed" / "changes" / "2.parquet.part").write_bytes(b"not whole")
    backup(ledger, tmp_path / "from", tmp_path / "kept.zip", now_ms=10)
    return tmp_path / "kept.zip"


@pytest.mark.parametrize("target", BOTH)
def test_a_backup_under_load_restores_to_a_store_that_verifies(
    ledger: Ledger, target: str, new_url: Callable[[str], str], tmp_path: Path
) -> None:
    start_counter(ledger)
    stop, failed = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            try:
                with ledger.transaction(actor="p_1", now_ms=1) as tx:
                    count(tx, "x")
                    tx.append("person.added", "person:p_1", {"name": tx.seal("A name", "p_1")})
            except GatehouseError as error:
                failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    while ledger.head()[0] < 50:
        pass
    before = ledger.head()[0]
    manifest = backup(ledger, tmp_path, tmp_path / "kept.zip", now_ms=1)
    while ledger.head()[0] < manifest.seq + 10:  # others went on writing
        pass
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert manifest.seq >= before

    url = new_url(target)
    done = restore(url, tmp_path / "to", tmp_path / "kept.zip", now_ms=2)
    restored = open_ledger(url)
    found = verify(restored)
    assert found.problems == ()
    assert (found.ledger, found.events) == (manifest.ledger, manifest.seq + 1)
    assert done.kept == ""
    with restored.reading() as connection:
        n = counted(connection)
    (row,) = restored.rows(sa.select(audit_events.c.payload).where(audit_events.c.seq == manifest.seq - 1))
    assert json.loads(row["payload"])["after"] == {"n": n}, "state and audit are of the same moment"
    assert found.sealed == n
    restored.close()


def test_what_was_there_is_kept_and_the_restore_is_an_event(ledger: Ledger, kept: Path, tmp_path: Path) -> None:
    with ledger.transaction(actor="p_1", now_ms=11) as tx:
        tx.append("later.happened", "thing:1")
    lost, url = ledger.head(), _url(ledger)
    with pytest.raises(Busy):
        restore(url, tmp_path / "to", kept, now_ms=12)
    assert ledger.head() == lost
    ledger.close()
    done = restore(url, tmp_path / "to", kept, now_ms=12)

    assert (tmp_path / "to" / "observed" / "changes" / "1.parquet").read_bytes() == b"seen" * 1000
    assert [path.name for path in (tmp_path / "to").rglob("*") if path.is_file()] == ["1.parquet"]
    restored = open_ledger(url)
    assert verify(restored).problems == ()
    last = restored.rows(sa.select(audit_events).order_by(audit_events.c.seq.desc()).limit(1))[0]
    assert (last["action"], last["seq"]) == ("ledger.restored", done.manifest.seq + 1)
    assert json.loads(last["payload"])["replaced"] == {"seq": lost[0], "hash": lost[1]}
    assert [row["ended_why"] for row in restored.rows(sa.select(sessions))] == ["restored"]
    assert restored.rows(sa.select(leases)) == []
    with restored.transaction(actor="p_1", now_ms=13) as tx:
        tx.append("later.happened", "thing:1")
    with restored.reading() as connection:
        if not restored.is_sqlite:
            schema = done.kept.removeprefix("schema ")
            head = connection.execute(sa.text(f"SELECT seq, hash FROM {schema}.ledger_head")).one()
            assert (head.seq, head.hash) == lost
    if restored.is_sqlite:
        old = open_ledger(f"sqlite:///{done.kept}")
        assert old.head() == lost
        assert verify(old).intact
        old.close()
    restored.close()
    assert restore(url, tmp_path / "to", kept, now_ms=14).files == 0, "and once more"


def test_an_observed_file_that_differs_is_kept_beside(ledger: Ledger, kept: Path, tmp_path: Path) -> None:
    ledger.close()
    place = tmp_path / "to" / "observed" / "changes"
    place.mkdir(parents=True)
    (place / "1.parquet").write_bytes(b"damaged")
    (place / "3.parquet").write_bytes(b"newer")
    assert restore(_url(ledger), tmp_path / "to", kept, now_ms=12).files == 1
    assert (place / "1.parquet").read_bytes() == b"seen" * 1000
    assert [path.read_bytes() for path in place.glob("1.parquet.before-restore-*")] == [b"damaged"]
    assert (place / "3.parquet").read_bytes() == b"newer"


def test_a_damaged_ledger_is_replaced_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = open_ledger(f"sqlite:///{path}")
    backup(ledger, tmp_path, tmp_path / "kept.zip", now_ms=1)
    ledger.close()
    path.write_bytes(b"rubbish" * 1000)
    done = restore(f"sqlite:///{path}", tmp_path, tmp_path / "kept.zip", now_ms=2)
    assert Path(done.kept).read_bytes() == b"rubbish" * 1000
    restored = open_ledger(f"sqlite:///{path}")
    assert verify(restored).intact
    restored.close()


def test_a_backup_of_an_older_schema_is_migrated(ledger_url: str, tmp_path: Path) -> None:
    known = migrating.revisions()
    old = Ledger(engine_of(ledger_url))
    migrating.migrate(old, known[0])
    with old.transaction(actor="p_1", now_ms=1) as tx:
        tx.append("thing.changed", "thing:1")
    manifest = backup(old, tmp_path, tmp_path / "kept.zip", now_ms=1)
    assert manifest.schema == known[0]
    old.close()
    restore(ledger_url, tmp_path, tmp_path / "kept.zip", now_ms=2)
    restored = Ledger(engine_of(ledger_url))
    assert migrating.current(restored) == known[-1]
    assert verify(restored).problems == ()
    restored.close()


def test_a_backup_is_private_and_never_written_over(ledger: Ledger, kept: Path, tmp_path: Path) -> None:
    assert kept.stat().st_mode & 0o777 == 0o600
    content = kept.read_bytes()
    with pytest.raises(Conflict):
        backup(ledger, tmp_path, kept, now_ms=1)
    with pytest.raises(GatehouseError):
        backup(ledger, tmp_path, tmp_path / "nowhere" / "kept.zip", now_ms=1)
    assert kept.read_bytes() == content
    assert list(tmp_path.glob("*.part")) == []


Members = dict[str, bytes]


def _manifest(members: Members, **changes: Any) -> None:
    members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | changes).encode()


def _claim(members: Members, name: str) -> None:
    """Makes the manifest agree with what is in the archive now: a forger would."""
    import hashlib

    said = json.loads(members["manifest.json"])
    said["members"][name] = {"sha256": hashlib.sha256(members[name]).hexdigest(), "bytes": len(members[name])}
    members["manifest.json"] = json.dumps(said).encode()


def _bit(members: Members) -> None:
    members["observed/changes/1.parquet"] = b"Seen" * 1000


def _missing(members: Members) -> None:
    del members["observed/changes/1.parquet"]


def _more(members: Members) -> None:
    members["observed/more.parquet"] = b""


def _no_manifest(members: Members) -> None:
    del members["manifest.json"]


def _odd_manifest(members: Members) -> None:
    members["manifest.json"] = b"[" * 50_000


def _other_form(members: Members) -> None:
    _manifest(members, tables={"audit_events": "many"})


def _other_head(members: Members) -> None:
    _manifest(members, seq=3)


def _event_changed(members: Members) -> None:
    name = "ledger/audit_events.jsonl"
    members[name] = members[name].replace(b"person.added", b"person.gone!", 1)
    _claim(members, name)


def _event_lost(members: Members) -> None:
    name = "ledger/audit_events.jsonl"
    members[name] = b"\n".join(line for n, line in enumerate(members[name].split(b"\n")) if n != 4)
    _claim(members, name)
    said = json.loads(members["manifest.json"])["tables"]
    _manifest(members, tables={**said, "audit_events": said["audit_events"] - 1})


def _text_changed(members: Members) -> None:
    name = "ledger/sealed_texts.jsonl"
    members[name] = members[name].replace(b"Name 1", b"Name 7", 1)
    _claim(members, name)


def _row_twice(members: Members) -> None:
    name = "ledger/sessions.jsonl"
    lines = members[name].split(b"\n")
    members[name] = b"\n".join([*lines[:2], lines[1], b""])
    _claim(members, name)
    _manifest(members, tables={**json.loads(members["manifest.json"])["tables"], "sessions": 2})


def _unknown_table(members: Members) -> None:
    members["ledger/intruders.jsonl"] = b"[]\n"
    _claim(members, "ledger/intruders.jsonl")
    _manifest(members, tables={**json.loads(members["manifest.json"])["tables"], "intruders": 0})


def _traversing(name: str) -> Callable[[Members], None]:
    def traverse(members: Members) -> None:
        members[name] = b"evil"
        _claim(members, name)

    traverse.__name__ = name
    return traverse


DAMAGE = [_bit, _missing, _more, _no_manifest, _odd_manifest, _other_form, _other_head, _event_changed, _event_lost,
          _text_changed, _row_twice, _unknown_table,
          *map(_traversing, ("../evil", "observed/../../evil", "/tmp/evil", "observed//evil", "observed/./evil",
                             "ledger/../../evil.jsonl", "ledger.db", "checkpoint.key"))]  # fmt: skip


def test_a_damaged_or_forged_backup_changes_nothing(ledger: Ledger, kept: Path, tmp_path: Path) -> None:
    url, head = _url(ledger), ledger.head()
    ledger.close()
    with zipfile.ZipFile(kept) as whole:
        sound = {name: whole.read(name) for name in whole.namelist()}
    for damage in DAMAGE:
        members = dict(sound)
        damage(members)
        bad = tmp_path / "bad.zip"
        with zipfile.ZipFile(bad, "w") as out:
            for name, content in members.items():
                out.writestr(name, content)
        with pytest.raises(Invalid) as told:
            restore(url, tmp_path / "to", bad, now_ms=12)
        assert "damaged" in told.value.message, damage.__name__
    for content in (b"", b"no archive", kept.read_bytes()[:-200], kept.read_bytes()[200:]):
        (tmp_path / "bad.zip").write_bytes(content)
        with pytest.raises(Invalid):
            restore(url, tmp_path / "to", tmp_path / "bad.zip", now_ms=12)
    with pytest.raises(Invalid, match="no backup"):
        restore(url, tmp_path / "to", tmp_path / "nowhere.zip", now_ms=12)
    assert not (tmp_path / "to").exists()
    assert not list(tmp_path.rglob("evil*"))
    assert not list(tmp_path.glob("*restor*"))
    again = open_ledger(url)
    assert again.head() == head
    assert verify(again).intact
    if not again.is_sqlite:
        with again.reading() as connection:
            assert [n for n in sa.inspect(connection).get_schema_names() if n.startswith("before_")] == []
    again.close()


def test_a_link_in_the_way_is_not_followed(ledger: Ledger, kept: Path, tmp_path: Path) -> None:
    url, head = _url(ledger), ledger.head()
    ledger.close()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "observed").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(GatehouseError, match="elsewhere"):
        restore(url, tmp_path / "to", kept, now_ms=12)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    again = open_ledger(url)
    assert again.head() == head
    again.close()


def test_a_newer_backup_is_refused(ledger: Ledger, kept: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(kept) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    _manifest(members, schema="9999")
    with zipfile.ZipFile(tmp_path / "newer.zip", "w") as out:
        for name, content in members.items():
            out.writestr(name, content)
    with pytest.raises(StoreNewer, match="9999"):
        restore(_url(ledger), tmp_path / "to", tmp_path / "newer.zip", now_ms=12)


def test_values_of_every_kind_go_through_the_archive() -> None:
    rows = [("é\u2028", 2**62, 0.1, True, None, b"\x00\xff", {"a": [1]}, "")]
    first, *lines = archive.lines(["a"] * 8, rows)
    assert json.loads(first) == ["a"] * 8
    assert [tuple(archive.value_of(item) for item in json.loads(line)) for line in lines] == rows
