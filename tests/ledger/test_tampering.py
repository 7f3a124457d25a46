"""Whatever is done to a ledger behind its back is found and named, by `verify` and by the command."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from core.cli import app
from core.errors import Invalid, NotFound, StoreDamaged, StoreError
from core.ledger import checkpoints
from core.ledger.checkpoints import Checkpoint
from core.ledger.founding import ledger_id
from core.ledger.schema import audit_events, ledger_head, sealed_texts
from core.ledger.store import Ledger, open_ledger
from core.ledger.verify import Verification, verify
from tests.ledger.tampering import events_of, rewrite, unguarded


@pytest.fixture
def written(ledger: Ledger) -> Ledger:
    """A ledger with ten events; 2 to 10 each seal a text."""
    for n in range(2, 11):
        with ledger.transaction(actor="p_1", now_ms=n) as tx:
            tx.append("person.changed", f"person:p_{n}", {"after": {"name": tx.seal(f"Name {n}", f"p_{n}")}})
    return ledger


def _checkpoint(ledger: Ledger, folder: Path, key: str = "checkpoint.key") -> Path:
    found = verify(ledger)
    signed = checkpoints.sign(
        checkpoints.private_key(folder / key), ledger=found.ledger, seq=found.events, hash=found.hash, time_ms=5
    )
    return checkpoints.write(signed, folder / f"{key}-{found.events}.json")


def _change(connection: sa.Connection) -> None:
    connection.execute(sa.update(audit_events).where(audit_events.c.seq == 5).values(payload="{}"))


def _change_time(connection: sa.Connection) -> None:
    connection.execute(sa.update(audit_events).where(audit_events.c.seq == 5).values(time_ms=99))


def _delete(connection: sa.Connection) -> None:
    connection.execute(sa.delete(audit_events).where(audit_events.c.seq == 5))


def _insert(connection: sa.Connection) -> None:
    for event in reversed(events_of(connection)[4:]):
        moved = sa.update(audit_events).where(audit_events.c.seq == event["seq"])
        connection.execute(moved.values(seq=event["seq"] + 1))
    forged = {**events_of(connection)[3], "seq": 5, "actor": "p_9", "hash": "a" * 64}
    connection.execute(sa.insert(audit_events).values(**forged))


def _insert_before_all(connection: sa.Connection) -> None:
    forged = {**events_of(connection)[3], "seq": 0, "hash": "a" * 64}
    connection.execute(sa.insert(audit_events).values(**forged))


def _swap(connection: sa.Connection) -> None:
    for old, new in ((5, 100), (6, 5), (100, 6)):
        connection.execute(sa.update(audit_events).where(audit_events.c.seq == old).values(seq=new))


def _delete_first(connection: sa.Connection) -> None:
    connection.execute(sa.delete(audit_events).where(audit_events.c.seq == 1))


def _cut(connection: sa.Connection) -> None:
    connection.execute(sa.delete(audit_events).where(audit_events.c.seq > 7))


def _empty(connection: sa.Connection) -> None:
    connection.execute(sa.delete(audit_events))


def _head_back(connection: sa.Connection) -> None:
    event = events_of(connection)[6]
    connection.execute(sa.update(ledger_head).values(seq=event["seq"], hash=event["hash"]))


CASES = [
    (_change, 5, "content"), (_change_time, 5, "content"), (_delete, 5, "missing"), (_insert, 5, "does not follow"),
    (_insert_before_all, 0, "stands after"), (_swap, 5, "does not follow"), (_delete_first, 1, "missing"),
    (_cut, 8, "missing"), (_empty, 1, "missing"), (_head_back, 10, "head"),
]  # fmt: skip


@pytest.mark.parametrize(("tamper", "seq", "word"), CASES, ids=lambda case: getattr(case, "__name__", ""))
def test_tampering_is_found_and_named(
    written: Ledger, tamper: Callable[[sa.Connection], None], seq: int, word: str
) -> None:
    assert verify(written).intact
    with unguarded(written) as connection:
        tamper(connection)
    found = verify(written)
    assert not found.intact
    assert found.broken is not None
    assert found.broken.seq == seq
    assert word in found.broken.reason or word in found.problems[0].told


def test_a_tail_cut_off_with_its_head_is_found_by_a_checkpoint(written: Ledger, tmp_path: Path) -> None:
    kept = _checkpoint(written, tmp_path)
    with unguarded(written) as connection:
        rewrite(connection, events_of(connection)[:7])
    assert verify(written).intact, "nothing within the ledger tells"
    found = verify(written, checkpoints.gather([kept], None))
    assert [(p.kind, p.seq) for p in found.problems] == [("checkpoint", 10)]
    assert "missing" in found.problems[0].told
    assert found.checkpoints == 0


def test_a_chain_written_anew_is_found_by_a_checkpoint(written: Ledger, tmp_path: Path) -> None:
    kept = _checkpoint(written, tmp_path)
    with written.transaction(actor="p_1", now_ms=11) as tx:
        tx.append("later.happened", "thing:1")
    assert verify(written, checkpoints.gather([kept], None)).checkpoints == 1
    with unguarded(written) as connection:
        events = events_of(connection)
        events[4]["actor"] = "p_9"
        rewrite(connection, events)
    assert verify(written).intact, "nothing within the ledger tells"
    found = verify(written, checkpoints.gather([kept], None))
    assert [(p.kind, p.seq) for p in found.problems] == [("checkpoint", 10)]
    assert "written anew" in found.problems[0].told


def test_a_changed_sealed_text_is_named_and_an_erased_one_counted(written: Ledger) -> None:
    with written.transaction(actor="system", now_ms=20) as tx:
        tx.connection.execute(sa.delete(sealed_texts).where(sealed_texts.c.person.in_(["p_3", "p_4"])))
    found = verify(written)
    assert found.intact
    assert (found.sealed, found.erased) == (7, 2)
    with written.transaction(actor="system", now_ms=21) as tx:
        tx.connection.execute(sa.update(sealed_texts).where(sealed_texts.c.person == "p_6").values(text="Another"))
    found = verify(written)
    assert [(p.kind, p.seq) for p in found.problems] == [("text", 6)]
    assert "Another" not in found.problems[0].told


def test_guards_that_are_off_are_told(written: Ledger) -> None:
    with written.engine.connect().execution_options(writes=True) as connection, connection.begin():
        if written.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER audit_events_no_delete")
        else:
            connection.exec_driver_sql("ALTER TABLE audit_events DISABLE TRIGGER audit_events_no_change")
    assert [p.kind for p in verify(written).problems] == ["guard"]


def test_nothing_is_appended_to_a_chain_that_was_cut(written: Ledger) -> None:
    with unguarded(written) as connection:
        _cut(connection)
    with pytest.raises(StoreDamaged) as told, written.transaction(actor="p_1", now_ms=1) as tx:
        tx.append("later.happened", "thing:1")
    assert "gatehouse verify" in told.value.hint


def test_forged_checkpoints_are_named(written: Ledger, tmp_path: Path, new_url: Callable[[str], str]) -> None:
    mine = _checkpoint(written, tmp_path)
    _checkpoint(written, tmp_path, key="other.key")
    trusted = checkpoints.public_key(tmp_path / "checkpoint.pub")
    told = json.loads(mine.read_text())
    forgeries = {
        "seq": {**told, "seq": 9}, "hash": {**told, "hash": "0" * 64}, "time": {**told, "time_ms": 6},
        "signature": {**told, "signature": "AAAA"}, "key": {**told, "public_key": "%%"},
        "more": {**told, "extra": 1}, "form": {**told, "seq": "9"}, "huge": {**told, "seq": 2**70},
    }  # fmt: skip
    folder = tmp_path / "forged"
    folder.mkdir()
    for name, content in forgeries.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    (folder / "none.json").write_text("[" * 9_000)
    (folder / "large.json").write_text(" " * 20_000)
    (folder / "other.json").write_text((tmp_path / "other.key-10.json").read_text())
    found = verify(written, checkpoints.gather([folder, mine], trusted))
    assert found.checkpoints == 1
    assert {p.told.split()[1].rstrip(":").removesuffix(".json") for p in found.problems} == {
        *forgeries, "none", "large", "other",
    }  # fmt: skip
    assert any("another key" in p.told for p in found.problems)

    stranger = open_ledger(new_url("sqlite"))
    with stranger.reading() as connection:
        assert ledger_id(connection) != found.ledger
    (problem,) = verify(stranger, checkpoints.gather([mine], trusted)).problems
    assert "another ledger" in problem.told
    stranger.close()


def test_the_key_is_private_and_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "checkpoint.key"
    first = checkpoints.sign(checkpoints.private_key(path), ledger="l", seq=1, hash="0" * 64, time_ms=1)
    again = checkpoints.sign(checkpoints.private_key(path), ledger="l", seq=1, hash="0" * 64, time_ms=1)
    assert first == again
    assert checkpoints.parse(first.to_json()) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert checkpoints.public_key(path.with_suffix(".pub")) == first.public_key
    assert [file.name for file in path.parent.iterdir() if file.suffix == ".part"] == []
    path.chmod(0o644)
    with pytest.raises(StoreError, match="by others"):
        checkpoints.private_key(path)
    with pytest.raises(Invalid):
        checkpoints.public_key(path)
    with pytest.raises(NotFound):
        checkpoints.gather([tmp_path / "deep"], None)
    assert isinstance(first, Checkpoint)


@pytest.fixture
def run(written: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, dict]]:
    """Runs a command over that ledger: exit code, and what it printed as JSON."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    url = written.engine.url.set(drivername=written.engine.url.get_backend_name())
    monkeypatch.setenv("GATEHOUSE_LEDGER", url.render_as_string())

    def invoke(*arguments: str) -> tuple[int, dict]:
        ended = CliRunner().invoke(app, [*arguments, "--json"])
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended.exit_code, json.loads(ended.stdout)

    return invoke


def test_the_command_names_the_break_and_exits_with_1(written: Ledger, run: Callable[..., tuple[int, dict]]) -> None:
    code, told = run("verify")
    assert (code, told["intact"], told["events"], told["sealed"]) == (0, True, 10, 9)
    with unguarded(written) as connection:
        _delete(connection)
    code, told = run("verify")
    assert (code, told["intact"], told["broken"]["seq"]) == (1, False, 5)
    assert "missing" in told["broken"]["reason"]
    code, told = run("verify", "--checkpoint", "kept.json")
    assert (code, told["checkpoint"]) == (1, None)
    assert not Path("kept.json").exists(), "what is broken must not be signed"


def test_the_command_holds_the_ledger_against_checkpoints(
    written: Ledger, run: Callable[..., tuple[int, dict]]
) -> None:
    code, told = run("verify", "--checkpoint", "kept.json")
    assert (code, told["checkpoint"]) == (0, "kept.json")
    key = Path("data/var/checkpoint.pub")
    key.rename("kept.pub")
    code, told = run("verify", "--against", "kept.json", "--key", "kept.pub")
    assert (code, told["checkpoints"]) == (0, 2), "the exported one, and the one in the stores' folder"
    with unguarded(written) as connection:
        rewrite(connection, events_of(connection)[:7])
    Path("data/var/checkpoints").rename("gone")
    assert run("verify")[0] == 0, "nothing that is left tells"
    code, told = run("verify", "--against", "kept.json", "--key", "kept.pub")
    assert code == 1
    assert told["problems"][0]["seq"] == 10
    for mistake in (("--against", "nowhere.json"), ("--key", "kept.json")):
        code, told = run("verify", *mistake)
        assert code == 2
        assert told["error"]["hint"]


def test_the_result_is_frozen(written: Ledger) -> None:
    found = verify(written)
    assert isinstance(found, Verification)
    with pytest.raises(AttributeError):
        found.events = 3  # type: ignore[misc]
