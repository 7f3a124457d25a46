"""A monitor in the making becomes a file: shown as a diff, written whole or not at all, only over what was shown."""

from __future__ import annotations

import difflib
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import Conflict, Invalid, NotAllowed, SettingsError
from core.monitors.drafts import Checked, Draft, checked
from core.monitors.files import load_one
from core.services import monitor_drafts, profiling
from core.services.guard import needs
from core.services.house import DEMO, House
from core.services.jobs import Job
from core.services.monitor_drafts_logs import checked_address, safe_name

_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What saving would do.

    file: relative to the folder of monitor files.  digest: of the text that is there now, "" where there is no file.
    diff: unified, "" where nothing would change.  added, removed: lines.  checked: the draft with its mistakes.
    refused: why it cannot be saved, beside the draft's mistakes; "" when it can.  hint: what to do then.
    """

    file: str
    digest: str
    diff: str
    added: int
    removed: int
    checked: Checked
    refused: str = ""
    hint: str = ""


@needs("operate", everywhere=True)
def preview(house: House, draft: Draft) -> Preview:
    """The draft as a file, against the one that is there. Raises Invalid for a name that no monitor can have."""
    model = monitor_drafts.checked_model(draft.model)
    there = monitor_drafts.existing(house, model)
    own = there is not None and _is_own(house, there.file, model)
    file = there.file if there and own else _free_name(house, model)
    before = there.text if there and own else ""
    found = checked(draft, file)
    refused = hint = ""
    if house.active == "demo":
        refused = "Nothing is saved in the demo: its monitor files are part of the program."
        hint = "Sign in to your own stores to save a monitor there."
    elif there and own and there.reason:
        refused, hint = f"{file} is not changed here. {there.reason}", "Change it in an editor where the server runs."
    lines = list(difflib.unified_diff(
        before.splitlines(), found.text.splitlines(), f"monitors/{file}" if before else "nothing yet",
        f"monitors/{file}", lineterm="",
    ))  # fmt: skip
    return Preview(
        file=file, digest=monitor_drafts.digest(before), diff="\n".join(lines),
        added=sum(line.startswith("+") for line in lines[2:]), removed=sum(line.startswith("-") for line in lines[2:]),
        checked=found, refused=refused, hint=hint,
    )  # fmt: skip


@needs("operate", everywhere=True)
def save(house: House, draft: Draft, digest: str) -> Job:
    """Writes the monitor file, shows the own stores, and starts to profile the log.

    digest: of the text that was shown as the one before. Raises NotAllowed, MonitorError, Invalid, and Conflict when
    the file is another by now.
    """
    with _lock:
        seen = preview(house, draft)
        if seen.refused:
            raise NotAllowed(seen.refused, hint=seen.hint)
        if seen.checked.problems:
            raise seen.checked.problems[0]
        for address in (draft.address, draft.label_files, draft.reference_files):
            if address:
                checked_address(house, address)
        if seen.digest != digest:
            raise Conflict(f"{seen.file} was changed meanwhile.", hint="Look at the difference again, then save.")
        if seen.diff:
            _write(house, draft.model.strip(), seen)
    house.changed()
    house.switch("own")  # for the scheduler and for commands too, whatever stores this actor sees
    return profiling.start(house, draft.model.strip())


def _write(house: House, model: str, seen: Preview) -> None:
    """The file and its event, or neither."""
    folder = house.settings.monitors
    path = folder / seen.file
    aside = path.with_name(f".{path.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(seen.checked.text)
            file.flush()
            os.fsync(file.fileno())
        before = path.read_bytes() if path.exists() else None
        try:
            with house.deciding("operate") as tx:
                tx.append("monitor.saved", f"monitor:{model}", {
                    "file": seen.file, "before": {"sha256": seen.digest or None},
                    "after": {"sha256": monitor_drafts.digest(seen.checked.text)},
                })  # fmt: skip
                aside.replace(path)
        except BaseException:
            _put_back(path, before, seen.checked.text)
            raise
    except OSError as error:
        raise SettingsError(
            f"{seen.file} cannot be written: {error.strerror}.", hint="Check who owns the folder of the monitor files."
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def _put_back(path: Path, before: bytes | None, written: str) -> None:
    """After an event that was not kept: the file as it was, where it is the new one already."""
    with suppress(OSError):
        if path.exists() and path.read_bytes() == written.encode():
            if before is None:
                path.unlink()
            else:
                path.write_bytes(before)


def _is_own(house: House, file: str, model: str) -> bool:
    """Whether a file speaks for this model alone: a pattern's file stays as it is, beside a new one."""
    folder = house.settings.monitors if house.active == "own" else DEMO / "monitors"
    return load_one(folder / file, folder=folder).monitor.model == model


def _free_name(house: House, model: str) -> str:
    """A file name that is not taken: the model's, of harmless letters alone."""
    folder = house.settings.monitors
    stem = safe_name(model)
    names = (f"{stem}{f'-{number}' if number > 1 else ''}.yaml" for number in range(1, 10_000))
    found = next((name for name in names if not os.path.lexists(folder / name)), None)
    if found is None:
        raise Invalid("There are too many monitor files of this name.", field="model", hint="Name another model.")
    return found
