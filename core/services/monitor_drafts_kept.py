"""Monitors in the making, kept in this process under an id of the URL: a reload, or another tab, comes back to them.

Only who began a draft finds it. A draft is lost at a restart; nothing of worth is lost with it: the log is looked at
again in a second.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from core.errors import NotFound
from core.monitors.drafts import Draft
from core.services.guard import needs
from core.services.house import House
from core.services.monitor_drafts import Existing, Look

MOST_KEPT = 200
LabelsFrom = Literal["none", "column", "file"]
ReferenceFrom = Literal["days", "file"]
_lock = threading.Lock()
_drafts: OrderedDict[Hashable, Kept] = OrderedDict()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A draft with all that the page needs to show it again.

    seen: the log as it was looked at.  there: the file of a monitor that is being changed.  labels, reference: where
    they come from, as was chosen last.  arrival: column of the label table with the time a label came.
    trial, reading: ids of jobs, "" before they were started.
    """

    draft: Draft
    seen: Look
    there: Existing | None = None
    labels: LabelsFrom = "none"
    reference: ReferenceFrom = "days"
    arrival: str = ""
    trial: str = ""
    reading: str = ""


@needs("operate", everywhere=True)
def begin(house: House, first: Kept) -> str:
    """Keeps a new draft; returns its id."""
    name = secrets.token_urlsafe(9)
    keep(house, name, first)
    return name


@needs("operate", everywhere=True)
def keep(house: House, name: str, now: Kept) -> None:
    """Keeps a draft as it is now; of more than 200, the one that was not touched for longest goes."""
    with _lock:
        _drafts[_key(house, name)] = now
        _drafts.move_to_end(_key(house, name))
        while len(_drafts) > MOST_KEPT:
            _drafts.popitem(last=False)


@needs("operate", everywhere=True)
def kept(house: House, name: str) -> Kept:
    """Raises NotFound for what was never begun, is somebody else's, or was lost at a restart."""
    with _lock:
        found = _drafts.get(_key(house, name))
    if found is None:
        raise NotFound("This draft is not kept any more.", hint="Drafts live until the server restarts. Begin again.")
    return found


def _key(house: House, name: str) -> Hashable:
    return house.serial, house.active, house.actor.id, name
