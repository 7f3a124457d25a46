"""The facts file in every state it can be found in."""

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from core.errors import StoreDamaged, StoreError, StoreLocked, StoreNewer
from core.facts import store
from core.facts.store import open_facts


def test_a_missing_file_is_created(tmp_path: Path) -> None:
    facts = open_facts(tmp_path / "new" / "folder")
    assert facts.notice is None
    assert facts.rows("SELECT count(*) AS n FROM runs") == [{"n": 0}]
    facts.close()


def test_what_was_written_is_there_again(tmp_path: Path) -> None:
    facts = open_facts(tmp_path)
    _note(facts, "kept")
    facts.close()
    again = open_facts(tmp_path)
    assert again.rows("SELECT key FROM meta WHERE key = 'kept'") == [{"key": "kept"}]
    again.close()


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    facts = open_facts(tmp_path)
    with pytest.raises(ZeroDivisionError), facts.transaction() as tx:
        tx.execute("INSERT INTO meta VALUES ('half', '')")
        raise ZeroDivisionError
    assert facts.rows("SELECT key FROM meta WHERE key = 'half'") == []
    facts.close()


@pytest.mark.parametrize("damage", [b"", b"not a database", b"\0" * 8192, "truncated", "scrambled"])
def test_a_damaged_file_is_kept_aside_and_said_so(tmp_path: Path, damage: bytes | str) -> None:
    facts = open_facts(tmp_path)
    _note(facts, "before")
    facts.close()
    path = tmp_path / store.FILE_NAME
    whole = path.read_bytes()
    wrong = {"truncated": whole[:5000], "scrambled": whole[:4096] + b"\xff" * 16384}.get(damage, damage)  # type: ignore[call-overload]
    path.write_bytes(wrong)

    again = open_facts(tmp_path)
    assert again.rows("SELECT count(*) AS n FROM runs") == [{"n": 0}]
    if wrong:
        assert isinstance(again.notice, StoreDamaged)
        aside = [p for p in tmp_path.iterdir() if ".damaged-" in p.name]
        assert [p.read_bytes() for p in aside] == [wrong]
        assert aside[0].name in again.notice.message
    again.close()


def test_an_older_file_is_kept_aside_and_rebuilt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_facts(tmp_path).close()
    monkeypatch.setattr(store, "SCHEMA_VERSION", store.SCHEMA_VERSION + 1)
    facts = open_facts(tmp_path)
    assert isinstance(facts.notice, StoreError)
    assert "older" in facts.notice.message
    assert facts.rows("SELECT value FROM meta WHERE key = 'schema_version'") == [{"value": str(store.SCHEMA_VERSION)}]
    assert any(".schema-" in p.name for p in tmp_path.iterdir())
    facts.close()


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    facts = open_facts(tmp_path)
    with facts.transaction() as tx:
        tx.execute("UPDATE meta SET value = '999' WHERE key = 'schema_version'")
    facts.close()
    before = (tmp_path / store.FILE_NAME).read_bytes()
    with pytest.raises(StoreNewer, match="999"):
        open_facts(tmp_path)
    assert (tmp_path / store.FILE_NAME).read_bytes() == before


def test_a_file_in_use_is_named_so(tmp_path: Path) -> None:
    facts = open_facts(tmp_path)
    code = (
        "import sys; from pathlib import Path\n"
        "from core.facts.store import open_facts; from core.errors import StoreLocked\n"
        "try: open_facts(Path(sys.argv[1]))\n"
        "except StoreLocked as error: print(error.message, error.hint)"
    )
    told = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "in use by another process" in told.stdout
    facts.close()
    assert issubclass(StoreLocked, StoreError)


def test_files_of_the_server_cannot_be_read_through_sql(tmp_path: Path) -> None:
    facts = open_facts(tmp_path)
    with pytest.raises(duckdb.Error, match="disabled"):
        facts.rows("SELECT * FROM read_text('/etc/hostname')")
    with pytest.raises(duckdb.Error, match="locked"):
        facts.rows("SET enable_external_access = true")
    facts.close()


def test_many_threads_read_while_one_writes(tmp_path: Path) -> None:
    facts = open_facts(tmp_path)
    failures: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(50):
                facts.rows("SELECT count(*) AS n FROM meta")
        except BaseException as error:  # noqa: BLE001  told below
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(16)]
    for thread in threads:
        thread.start()
    for n in range(50):
        _note(facts, f"key {n}")
    for thread in threads:
        thread.join()
    assert not failures
    assert facts.rows("SELECT count(*) AS n FROM meta") == [{"n": 51}]
    facts.close()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    facts = open_facts(tmp_path)
    facts.close()
    with pytest.raises(StoreError):
        facts.rows("SELECT 1")


def _note(facts: store.Facts, key: str) -> None:
    with facts.transaction() as tx:
        tx.execute("INSERT INTO meta VALUES ($key, '')", {"key": key})
