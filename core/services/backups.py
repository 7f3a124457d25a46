"""Backups of the ledger and of observed files, and bringing one back."""

import re
from pathlib import Path

from core.errors import Busy
from core.ledger import checkpoints
from core.ledger.archive import Manifest
from core.ledger.backup import backup as write
from core.ledger.restore import Restored
from core.ledger.restore import restore as bring_back
from core.services.guard import needs
from core.services.house import House, Premises, ledger_url_of, now_ms
from core.services.remote import running_server
from core.settings import Settings

_NUMBERED = re.compile(r"(\d+)-\d+\.json")


@needs("access", everywhere=True)
def backup(house: House, target: Path) -> Manifest:
    """Writes the shown ledger and its observed files into one new archive, while others write. Raises Conflict."""
    return write(house.ledger, house.folder_of(house.active), target, now_ms=now_ms())


def restore(settings: Settings, which: Premises, path: Path) -> Restored:
    """Puts a backup in the place of a ledger. For the user who owns the files, with no server running.

    Checkpoints of what the backup does not hold any more are kept aside: elsewhere, they still tell that decisions were
    lost. Raises Busy, Invalid, StoreNewer; then nothing has changed.
    """
    if server := running_server():
        raise Busy(f"Gatehouse serves these stores: {server['url']}.", hint="End it first, then restore.")
    folder = settings.home / "demo" if which == "demo" else settings.home
    url, password = ledger_url_of(settings, which)
    done = bring_back(url, folder, path, now_ms=now_ms(), password=password)
    own = folder / checkpoints.FOLDER
    later = [
        file for file in own.glob("*.json")
        if (number := _NUMBERED.fullmatch(file.name)) and int(number[1]) > done.manifest.seq
    ]  # fmt: skip
    if later:
        aside = folder / f"{checkpoints.FOLDER}.before-restore-{now_ms()}"
        aside.mkdir()
        for file in later:
            file.rename(aside / file.name)
    return done
