"""Stores that released versions wrote open in this one, and lose nothing (tests/fixtures/record_store.py)."""

import json
import tarfile
from pathlib import Path

import pytest

from core.ledger.migrating import current, revisions
from core.services import backups, verification
from core.services.house import House, silent
from core.settings import load
from tests.fixtures.record_store import FOLDER, describe

VERSIONS = sorted(path.stem for path in FOLDER.glob("*.json"))


@pytest.fixture(params=VERSIONS)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict]:
    """The folder in which a version worked, and what it saw of its store."""
    with tarfile.open(FOLDER / f"{request.param}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path, json.loads((FOLDER / f"{request.param}.json").read_text())


def test_the_first_release_is_among_them() -> None:
    assert "0.1.0" in VERSIONS


def test_a_store_opens_with_all_that_was_decided_and_observed(written: tuple[Path, dict]) -> None:
    folder, told = written
    house = House(load({"GATEHOUSE_HOME": str(folder / "var")}, folder))
    try:
        assert house.active == "demo"
        assert current(house.ledger) == revisions()[-1]
        found = verification.verify(house)
        assert (found.intact, found.checkpoints) == (True, 1)
        if house.facts.notice:  # copies of an older schema are read again; what was observed is not
            house.sync("demo", silent)
        assert describe(house) == told
    finally:
        house.close()


def test_a_backup_is_restored(written: tuple[Path, dict], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, told = written
    monkeypatch.setenv("GATEHOUSE_HOME", str(folder / "fresh"))
    settings = load({"GATEHOUSE_HOME": str(folder / "fresh")}, folder)
    backups.restore(settings, "demo", folder / "backup.zip")
    house = House(settings)
    try:
        house.switch("demo")
        house.sync("demo", silent)
        assert verification.verify(house).intact
        seen = describe(house)
        assert {name: seen[name] for name in told if name != "events"} == {
            name: told[name] for name in told if name != "events"
        }
        assert int(seen["events"]) > int(told["events"]), "the restoring is an event itself"
    finally:
        house.close()
