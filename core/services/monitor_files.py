"""Writing a first monitor file."""

import re
from pathlib import Path

from core import settings
from core.errors import SettingsError
from core.monitors.first import propose
from core.profiling.look import look


def first(log: str, model: str | None) -> Path:
    """Looks at a log and writes monitors/MODEL.yaml. Raises SettingsError when that file is there already."""
    folder = settings.load().monitors
    name = model or re.sub(r"[^A-Za-z0-9_.-]+", "_", Path(log.split("*")[0].rstrip("/")).stem or "model")
    path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', name)}.yaml"
    if path.exists():
        raise SettingsError(f"{path.name} is there already.", hint="Name another model, or move that file away.")
    text = propose(look(log), name, log)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
