"""user, verify, backup, restore and doctor as commands: exit codes, JSON, beside a running server and without one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.ledger.store import Ledger
from tests.serving import command, served

Run = Callable[..., tuple[int, dict]]


@pytest.fixture
def run(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an empty folder over a new ledger: exit code, and what it printed as JSON."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    url = ledger.engine.url.set(drivername=ledger.engine.url.get_backend_name())
    monkeypatch.setenv("GATEHOUSE_LEDGER", url.render_as_string())

    def invoke(*arguments: str) -> tuple[int, dict]:
        ended = CliRunner().invoke(app, [*arguments, "--json"])
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended.exit_code, json.loads(ended.stdout)

    return invoke


def test_people_are_added_disabled_enabled_and_get_new_passwords(run: Run) -> None:
    assert run("user", "list") == (0, {"items": [], "total": 0})
    code, told = run("user", "add", "Eva", "--name", "Eva Moll", "--role", "administrator", "--role", "ml_lead")
    assert code == 0
    assert told["login"] == "eva"
    assert len(told["password"]) >= 12
    assert run("user", "add", "bo", "--name", "Bo \u202e\U0001f600", "--mail", "bo@bank.example")[0] == 0
    _, told = run("user", "list")
    assert [(p["login"], [role for role, _, _ in p["roles"]]) for p in told["items"]] == [
        ("bo", ["viewer"]), ("eva", ["ml_lead", "administrator"]),
    ]  # fmt: skip
    assert run("user", "disable", "bo") == (0, {"login": "bo", "disabled": True})
    assert run("user", "list")[1]["items"][0]["disabled_ms"]
    assert run("user", "enable", "BO")[0] == 0
    assert run("user", "reset", "bo")[1]["password"]
    for mistake in (
        ("disable", "eva"), ("disable", "nobody"), ("enable", "bo"), ("reset", "nobody"), ("add", "bo", "--name", "B"),
        ("add", "x y", "--name", "B"), ("add", "c", "--name", "C", "--role", "king"),
    ):  # fmt: skip
        code, told = run("user", *mistake)
        assert code == 2, mistake
        assert told["error"]["message"]
    code, told = run("verify")
    assert (code, told["intact"]) == (0, True)
    assert told["sealed"] == 5, "two logins, two names, one mail"


def test_a_backup_is_written_and_restored(run: Run, ledger: Ledger) -> None:
    run("user", "add", "eva", "--name", "Eva Moll", "--role", "administrator")
    code, told = run("backup", "kept.zip")
    assert (code, told["events"], Path("kept.zip").stat().st_size) == (0, ledger.head()[0], told["bytes"])
    assert run("backup", "kept.zip")[0] == 2
    run("verify", "--checkpoint", "early.json")
    run("user", "add", "bo", "--name", "Bo")
    run("verify", "--checkpoint", "late.json")
    assert run("restore", "kept.zip")[1]["error"]["hint"].startswith("Say --yes")
    code, told = run("restore", "kept.zip", "--yes")
    assert (code, told["error"]["title"]) == (2, "Already under way"), "this test has the ledger open"
    ledger.close()
    code, told = run("restore", "kept.zip", "--yes")
    assert code == 0
    assert told["kept"]
    assert [p["login"] for p in run("user", "list")[1]["items"]] == ["eva"]
    assert run("verify", "--against", "early.json")[0] == 0
    code, told = run("verify", "--against", "late.json")
    assert code == 1, "decisions made after the backup are gone, and who kept a checkpoint is told so"
    assert run("restore", "early.json", "--yes")[0] == 2


def test_nothing_is_made_only_to_be_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["verify"], ["backup", "kept.zip"], ["verify", "--stores", "demo"]):
        ended = CliRunner().invoke(app, arguments)
        assert ended.exit_code == 2
        assert "no ledger" in ended.stderr
    told = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    (finding,) = [finding for finding in told["findings"] if finding["subject"] == "ledger"]
    assert finding["ok"] is None
    assert not list(tmp_path.rglob("ledger.db*"))


def test_doctor_tells_where_the_ledger_is_and_no_secret(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finding() -> dict:
        told = run("doctor")[1]
        assert "hunter2" not in json.dumps(told)
        return next(item for item in told["findings"] if item["subject"] == "ledger")

    assert finding()["ok"] is True
    assert "schema" in finding()["told"]
    (tmp_path / "secret").write_text("hunter2")
    monkeypatch.setenv("GATEHOUSE_LEDGER_PASSWORD_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("GATEHOUSE_LEDGER", "postgresql://tests@127.0.0.1:9/ledger?application_name=hunter2")
    assert finding()["ok"] is False
    assert finding()["hint"]
    (tmp_path / "rubbish.db").write_bytes(b"rubbish" * 1000)
    monkeypatch.setenv("GATEHOUSE_LEDGER", f"sqlite:///{tmp_path / 'rubbish.db'}")
    assert finding()["ok"] is False


def test_commands_work_beside_a_running_server(tmp_path: Path) -> None:
    with served(tmp_path):
        added = command(tmp_path, "user", "add", "bo", "--name", "Bo", "--json")
        assert added.returncode == 0, added.stderr
        listed = command(tmp_path, "user", "list", "--json")
        assert {"admin", "bo"} == {person["login"] for person in json.loads(listed.stdout)["items"]}
        assert command(tmp_path, "backup", "kept.zip").returncode == 0
        refused = command(tmp_path, "restore", "kept.zip", "--yes", "--json")
        assert refused.returncode == 2
        assert json.loads(refused.stdout)["error"]["title"] == "Already under way"
    assert command(tmp_path, "restore", "kept.zip", "--yes").returncode == 0
    assert command(tmp_path, "verify").returncode == 0
