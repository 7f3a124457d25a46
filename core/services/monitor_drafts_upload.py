"""A log that is uploaded on the page Monitor a model is kept below logs/ of the working folder."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

from core.errors import Invalid, NotAllowed
from core.profiling.look import look_at
from core.services.guard import needs
from core.services.house import House
from core.services.monitor_drafts_logs import ENDINGS, MOST_COLUMNS, base_of, ending_of, must_be_inside, safe_name

BIGGEST = 200_000_000


@needs("operate", everywhere=True)
def upload(house: House, model: str, name: str, content: bytes) -> str:
    """Keeps a file below logs/ of the working folder; returns the address of all that was uploaded for the model.

    model, name: anything; of both only harmless letters are kept. A file is never overwritten: a second one of the same
    name is kept beside it. What cannot be read leaves nothing behind. Raises Invalid, SourceError, NotAllowed.
    """
    if house.active == "demo":
        raise NotAllowed(
            "Nothing can be uploaded to the demo: its logs are part of the program.",
            hint="Choose one of its logs, or sign in to your own stores.",
        )
    ending = ending_of(name.casefold())
    if not ending:
        raise Invalid(
            "The file is neither Parquet nor CSV.", field="file", hint=f"Known endings: {', '.join(ENDINGS)}."
        )
    if len(content) > BIGGEST:
        raise Invalid(
            f"The file has more than {BIGGEST // 1_000_000} MB.", field="file",
            hint="Put it below the working folder by other means, and choose it there.",
        )  # fmt: skip
    base = base_of(house)
    folder = base / "logs" / safe_name(model)
    must_be_inside(house, folder, "logs")
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{uuid.uuid4().hex}{ending}"
    try:
        aside.write_bytes(content)
        seen = look_at([str(aside)])
        if not seen.rows or len(seen.columns) > MOST_COLUMNS:
            raise Invalid(
                f"The file has {seen.rows:,} rows and {len(seen.columns):,} columns.", field="file",
                hint=f"It needs a row, and at most {MOST_COLUMNS:,} columns.",
            )  # fmt: skip
        with house.deciding("operate") as tx:
            tx.append("log.uploaded", f"log:{model[:250]}",
                      {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})  # fmt: skip
            aside.replace(_free(folder, safe_name(name[: -len(ending)]), ending))
    except OSError as error:
        raise Invalid(
            f"The file cannot be kept: {error.strerror}.", hint="Is there room, and may it be written?"
        ) from error
    finally:
        aside.unlink(missing_ok=True)
    return f"logs/{folder.name}/*{ending}"


def _free(folder: Path, stem: str, ending: str) -> Path:
    """A file that was not there, made empty at once, so that nobody else takes its name."""
    for number in range(1, 10_000):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{ending}"
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        except FileExistsError:
            continue
        return path
    raise Invalid("There are too many files of this name.", field="file", hint="Rename it.")
