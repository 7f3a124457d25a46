"""The open house: settings, the two sets of stores (demo and own), jobs and the scheduler. One a process."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from core import settings as settings_module
from core.errors import GatehouseError, NotFound
from core.facts import observed
from core.facts.store import Facts, open_facts
from core.facts.syncs import end_interrupted_syncs, sync_states
from core.records import Progress
from core.services.jobs import Job, Jobs, Work
from core.services.profile_files import take_up
from core.services.sync import Report, sync_source
from core.settings import Settings, Source

Premises = Literal["demo", "own"]
DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
TICK_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """One set of stores: the demo's, or the user's own. They never share a file."""

    folder: Path
    facts: Facts


class House:
    """Everything that services work with.

    active: which stores pages and API show. Saving the first own source switches to "own".
    revision: grows with every change of facts; part of every cache key, as is serial, which no other house has.
    """

    _serials = itertools.count()

    def __init__(self, settings: Settings) -> None:
        self.serial = next(self._serials)
        self.settings = settings
        self.jobs = Jobs()
        self.revision = 0
        self._lock = threading.RLock()
        self._open: dict[Premises, Stores] = {}
        self._stop = threading.Event()
        self._scheduler: threading.Thread | None = None
        self.active: Premises = self._remembered()
        self.stores(self.active)

    # -- which stores ---------------------------------------------------------------------------------------------

    @property
    def facts(self) -> Facts:
        """The facts that are shown now."""
        return self.stores(self.active).facts

    @property
    def folder(self) -> Path:
        """The folder of the stores that are shown now."""
        return self.stores(self.active).folder

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources of the stores that are shown now."""
        return self.sources_of(self.active)

    def sources_of(self, which: Premises) -> Mapping[str, Source]:
        if which == "own":
            return self.settings.sources
        return demo_sources()

    def stores(self, which: Premises) -> Stores:
        """Opens them on first use. Raises StoreError."""
        with self._lock:
            if which not in self._open:
                folder = self.settings.home / "demo" if which == "demo" else self.settings.home
                facts = open_facts(folder)
                end_interrupted_syncs(facts)
                unreadable = observed.index(facts, folder) + take_up(facts, folder)
                facts.notice = facts.notice or observed.explain_unreadable(unreadable)
                self._open[which] = Stores(folder=folder, facts=facts)
            return self._open[which]

    def switch(self, which: Premises) -> None:
        """Shows the other stores from now on, also after a restart."""
        with self._lock:
            self.stores(which)
            self.settings.home.mkdir(parents=True, exist_ok=True)
            aside = self.settings.home / "active.part"
            aside.write_text(which, encoding="utf-8")
            aside.rename(self.settings.home / "active")
            self.active = which
            self.revision += 1

    def changed(self) -> None:
        """Says that facts changed, so that nothing kept from before is shown."""
        with self._lock:
            self.revision += 1

    def reload(self) -> None:
        """Takes up sources that were just written to gatehouse.toml."""
        fresh = settings_module.load(folder=self.settings.file.parent)
        with self._lock:
            self.settings = replace(self.settings, sources=fresh.sources, origin=fresh.origin)
            self.revision += 1

    def _remembered(self) -> Premises:
        try:
            told = (self.settings.home / "active").read_text(encoding="utf-8").strip()
        except OSError:
            told = ""
        if told in ("demo", "own"):
            return "demo" if told == "demo" else "own"
        own = self.settings.sources or any(self.settings.monitors.glob("**/*.y*ml"))
        return "own" if own or not demo_sources() else "demo"

    # -- syncing --------------------------------------------------------------------------------------------------

    def sync(self, name: str, report: Report, *, which: Premises | None = None) -> dict[str, Any]:
        """Syncs one source here and now. Raises NotFound or the source's error."""
        premises = which or self.active
        sources = self.sources_of(premises)
        if name not in sources:
            raise NotFound(f"There is no source {name[:60]!r}.", hint=f"Known: {', '.join(sources) or 'none yet'}.")
        stores = self.stores(premises)
        try:
            done = sync_source(stores.facts, stores.folder, name, sources[name], report=report, now_ms=now_ms)
        finally:
            self.revision += 1
        return asdict(done)

    def start_sync(self, name: str, *, which: Premises | None = None) -> Job:
        """The same as a job. Raises Busy when this source is being synced."""
        premises = which or self.active
        if name not in self.sources_of(premises):
            raise NotFound(f"There is no source {name[:60]!r}.", hint="See the page Sources.")
        return self.jobs.start(sync_key(premises, name), f"Sync of {name}", self._sync_work(premises, name))

    def syncing(self, name: str) -> Job | None:
        """The sync of a shown source that is under way, if there is one."""
        return self.jobs.running(sync_key(self.active, name))

    def _sync_work(self, which: Premises, name: str) -> Work:
        return lambda report: self.sync(name, report, which=which)

    def start_scheduler(self, idle: Callable[["House"], object]) -> None:
        """Syncs each shown source when its interval is over, until `close`. idle: work for when no job is under way."""
        self._scheduler = threading.Thread(target=self._schedule, args=(idle,), name="scheduler", daemon=True)
        self._scheduler.start()

    def _schedule(self, idle: Callable[["House"], object]) -> None:
        while not self._stop.is_set():
            try:
                for name in due_sources(self.sources, sync_times(self), now_ms()):
                    if not self.syncing(name):
                        self.start_sync(name)
                if not any(job.state in ("waiting", "running") for job in self.jobs.all()):
                    idle(self)
            except GatehouseError as error:  # such as the other stores being shown meanwhile: the next tick looks again
                logging.getLogger("gatehouse").warning("%s %s", error.message, error.hint)
            self._stop.wait(TICK_S)

    def close(self) -> None:
        """Ends the scheduler, lets jobs end, closes the stores."""
        self._stop.set()
        if self._scheduler:
            self._scheduler.join()
        self.jobs.close()
        for stores in self._open.values():
            stores.facts.close()


def due_sources(sources: Mapping[str, Source], last_ms: Mapping[str, int | None], now: int) -> list[str]:
    """Names of the sources whose interval is over. last_ms: end of each one's last attempt, None before the first."""
    due = []
    for name, source in sources.items():
        if not source.interval_s:
            continue
        last = last_ms.get(name)
        if last is None or now - last >= source.interval_s * 1000:
            due.append(name)
    return due


def sync_times(house: House) -> dict[str, int | None]:
    """End of each source's last attempt to sync."""
    return {name: state.ended_ms for name, state in sync_states(house.facts).items()}


def sync_key(which: Premises, name: str) -> str:
    return f"sync:{which}:{name}"


def demo_sources() -> Mapping[str, Source]:
    """The demo's one source, read as anybody's MLflow; empty in an installation without the demo."""
    file = DEMO / "mlflow.db"
    if not file.exists():
        return {}
    declared = settings_module.read_file(DEMO / settings_module.FILE_NAME).sources
    return {
        name: source.model_copy(update={"url": f"sqlite:///{file}", "interval_s": 0})
        for name, source in declared.items()
    }


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return int(time.time() * 1000)


_current: House | None = None


def open_house(settings: Settings) -> House:
    """Opens the house of this process and makes it the current one."""
    global _current
    _current = House(settings)
    return _current


def current() -> House:
    """The house of this process. Raises NotFound before it is open."""
    if _current is None:
        raise NotFound("The stores are not open yet.", hint="Start Gatehouse with `make run` or `gatehouse serve`.")
    return _current


def silent(_: Progress) -> None:
    """A report for work that nobody watches."""
