"""The open house: settings, the two sets of stores (demo and own), jobs and the scheduler. One a process."""

import copy
import itertools
import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core import settings as settings_module
from core.errors import GatehouseError, NotAllowed, NotFound, NotSignedIn
from core.facts import judged, observed
from core.facts.store import Facts, open_facts
from core.facts.syncs import end_interrupted_syncs, sync_states
from core.governance.rights import LOCAL, NOBODY, RIGHT, ROLE, Actor, Grant, Right
from core.records import Progress
from core.services.jobs import Job, Jobs, Work
from core.services.profile_files import take_up
from core.services.seeing import Scope, Seeing, Things
from core.services.shift import Shift
from core.services.sync import Report, sync_source
from core.settings import Settings, Source

if TYPE_CHECKING:
    from core.ledger.store import Ledger, Transaction

Premises = Literal["demo", "own"]
LEDGER_FILE = "ledger.db"
DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
TICK_S = 5.0
CARE_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """One set of stores: the demo's, or the user's own. They never share a file."""

    folder: Path
    facts: Facts


class _Premises:
    """What all views of one house share."""

    def __init__(self, settings: Settings, serial: int) -> None:
        self.serial = serial
        self.settings = settings
        self.jobs = Jobs()
        self.seeing = Seeing()
        self.revision = 0
        self.lock = threading.RLock()
        self.open: dict[Premises, Stores] = {}
        self.ledgers: dict[Premises, Ledger] = {}
        self.stop = threading.Event()
        self.scheduler: threading.Thread | None = None
        self.shift = Shift()
        self.cared_s: dict[Premises, float] = {}
        self.active: Premises = "own"


class House:
    """Everything that services work with, as one actor sees it.

    actor: on whose behalf services act.  active: which stores this actor sees: its own premises, or those shown by
    default; saving the first own source makes the own ones the default.
    revision: grows with every change of facts; part of every cache key, as is serial, which no other house has.
    """

    _serials = itertools.count()

    def __init__(self, settings: Settings, actor: Actor = LOCAL, *, lazily: bool = False) -> None:
        """lazily: facts are opened when something asks for them, so that a server may hold them."""
        self._shared = _Premises(settings, next(self._serials))
        self.actor = actor
        self._shared.active = self._remembered()
        if not lazily:
            self.stores(self.active)

    def by(self, actor: Actor) -> "House":
        """The same house as another actor sees it."""
        seen = copy.copy(self)
        seen.actor = actor
        return seen

    @property
    def serial(self) -> int:
        return self._shared.serial

    @property
    def settings(self) -> Settings:
        return self._shared.settings

    @property
    def jobs(self) -> Jobs:
        return self._shared.jobs

    @property
    def revision(self) -> int:
        return self._shared.revision

    @property
    def sight(self) -> Hashable:
        """What the actor sees of facts, as a part of cache keys; None: all.

        It changes with the rules of the actor's projects and with nothing else in the ledger.
        """
        places = self.actor.places("view")
        return None if places is None else self._shared.seeing.sight(self.ledger, places)

    @property
    def scope(self) -> Scope | None:
        """What the actor sees of facts; None: all."""
        places = self.actor.places("view")
        return None if places is None else self._seen(places)[0]

    @property
    def things(self) -> Things:
        """All experiments and models of the shown stores, whoever asks: for rules, and never to be shown."""
        whole = self.stores(self.active).facts
        return self._shared.seeing.things(whole, (self.active, self.revision))

    def _seen(self, places: frozenset[str]) -> tuple[Scope, Facts]:
        whole, ledger = self.stores(self.active).facts, self.ledger
        sight = self._shared.seeing.sight(ledger, places)
        return self._shared.seeing.seen(ledger, whole, (self.active, self.revision), sight)

    # -- what the actor may do ------------------------------------------------------------------------------------

    def require_signed_in(self) -> None:
        """Raises NotSignedIn for nobody."""
        if self.actor.kind == "nobody":
            raise NotSignedIn("Nobody is signed in here.", hint="Sign in, or send a token that is in force.")

    def require(self, right: Right, project: str | None = None) -> Grant:
        """The grant that gives the actor a right: in that project, or everywhere. Raises NotSignedIn, NotAllowed."""
        self.require_signed_in()
        grant = self.actor.grant_for(right, project)
        if grant is None:
            raise _refusal(self.actor, right)
        return grant

    def require_somewhere(self, right: Right) -> None:
        """Raises NotSignedIn or NotAllowed unless the actor has a right everywhere or in any project."""
        self.require_signed_in()
        if not self.actor.may_somewhere(right):
            raise _refusal(self.actor, right)

    @contextmanager
    def deciding(self, right: Right, project: str | None = None) -> Iterator["Transaction"]:
        """A transaction of the ledger for something that needs a right. Raises NotSignedIn, NotAllowed."""
        grant = self.require(right, project)
        with self.ledger.transaction(
            actor=self.actor.id, now_ms=now_ms(), on_behalf_of=grant.on_behalf_of
        ) as transaction:
            yield transaction

    # -- which stores ---------------------------------------------------------------------------------------------

    @property
    def active(self) -> Premises:
        return self.actor.premises or self._shared.active

    @property
    def facts(self) -> Facts:
        """The facts that are shown now; to an actor with rights in projects alone, what these match, nothing else."""
        places = self.actor.places("view")
        return self.stores(self.active).facts if places is None else self._seen(places)[1]

    @property
    def folder(self) -> Path:
        """The folder of the stores that are shown now."""
        return self.stores(self.active).folder

    @property
    def ledger(self) -> "Ledger":
        """The ledger of the stores that are shown now."""
        return self.ledger_of(self.active)

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources of the stores that are shown now, of which the actor sees anything."""
        stated, scope = self.sources_of(self.active), self.scope
        return stated if scope is None else {name: source for name, source in stated.items() if name in scope.sources}

    def sources_of(self, which: Premises) -> Mapping[str, Source]:
        if which == "own":
            return self.settings.sources
        return demo_sources()

    @property
    def shows_demo(self) -> bool:
        """Whether the demo may be entered: it is part of this installation, and not switched off."""
        return self.settings.demo and bool(demo_sources())

    def folder_of(self, which: Premises) -> Path:
        return self.settings.home / "demo" if which == "demo" else self.settings.home

    def stores(self, which: Premises) -> Stores:
        """Opens them on first use. Raises StoreError."""
        with self._shared.lock:
            if which not in self._shared.open:
                folder = self.folder_of(which)
                facts = open_facts(folder)
                end_interrupted_syncs(facts)
                unreadable = observed.index(facts, folder) + judged.index(facts, folder) + take_up(facts, folder)
                facts.notice = facts.notice or observed.explain_unreadable(unreadable)
                self._shared.open[which] = Stores(folder=folder, facts=facts)
            return self._shared.open[which]

    def ledger_of(self, which: Premises) -> "Ledger":
        """Opens it on first use. Raises StoreError, StoreNewer, StoreDamaged."""
        with self._shared.lock:
            if which not in self._shared.ledgers:
                self._shared.ledgers[which] = open_ledger_of(self.settings, which)
            return self._shared.ledgers[which]

    def switch(self, which: Premises) -> None:
        """Shows the other stores by default from now on, also after a restart."""
        with self._shared.lock:
            self.stores(which)
            self.settings.home.mkdir(parents=True, exist_ok=True)
            aside = self.settings.home / "active.part"
            aside.write_text(which, encoding="utf-8")
            aside.rename(self.settings.home / "active")
            self._shared.active = which
            self._shared.revision += 1

    def changed(self) -> None:
        """Says that facts changed, so that nothing kept from before is shown."""
        with self._shared.lock:
            self._shared.revision += 1

    def reload(self) -> None:
        """Takes up sources that were just written to gatehouse.toml."""
        fresh = settings_module.load(folder=self.settings.file.parent)
        with self._shared.lock:
            self._shared.settings = replace(self.settings, sources=fresh.sources, origin=fresh.origin)
            self._shared.revision += 1

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
            self.changed()
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
        self._shared.scheduler = threading.Thread(target=self._schedule, args=(idle,), name="scheduler", daemon=True)
        self._shared.scheduler.start()

    def _schedule(self, idle: Callable[["House"], object]) -> None:
        while not self._shared.stop.is_set():
            try:
                if self._shared.shift.on(self.active, self.ledger, now_ms):
                    self._care(time.monotonic())
                    self._work_on_schedule(idle)
            except GatehouseError as error:  # such as the other stores being shown meanwhile: the next tick looks again
                logging.getLogger("gatehouse").warning("%s %s", error.message, error.hint)
            self._shared.stop.wait(TICK_S)

    def _care(self, now_s: float) -> None:
        """Once a day, of each ledger: texts go whose retention is over. now_s: monotonic seconds."""
        from core.services.erasing import remove_overdue

        last = self._shared.cared_s.get(self.active)
        if last is None or now_s - last >= CARE_S:
            remove_overdue(self.ledger)
            self._shared.cared_s[self.active] = now_s

    def _work_on_schedule(self, idle: Callable[["House"], object]) -> None:
        for name in due_sources(self.sources, sync_times(self), now_ms()):
            if not self.syncing(name):
                self.start_sync(name)
        if not any(job.state in ("waiting", "running") for job in self.jobs.all()):
            idle(self)

    def close(self) -> None:
        """Ends the scheduler, lets jobs end, closes the stores."""
        self._shared.stop.set()
        if self._shared.scheduler:
            self._shared.scheduler.join()
            self._shared.shift.end(now_ms)
        self.jobs.close()
        self._shared.seeing.close()
        for stores in self._shared.open.values():
            stores.facts.close()
        for ledger in self._shared.ledgers.values():
            ledger.close()


@contextmanager
def ledger_house(settings: Settings, which: Premises, *, there: bool = False) -> Iterator[House]:
    """A house for services that need the ledger alone, beside a running server too. Raises StoreError and its kin.

    there: raises NotFound where an SQLite ledger is not there yet, rather than making one.
    """
    file = ledger_url_of(settings, which)[0].partition("sqlite:///")[2]
    if there and file and not Path(file).exists():
        raise NotFound(f"There is no ledger at {file}.", hint="It is made when the server starts for the first time.")
    house = House(settings, replace(LOCAL, premises=which), lazily=True)
    try:
        yield house
    finally:
        house.close()


def open_ledger_of(settings: Settings, which: Premises) -> "Ledger":
    """The ledger of one set of stores, without opening anything else of them. Raises StoreError and its kin."""
    from core.ledger.store import open_ledger

    url, password = ledger_url_of(settings, which)
    return open_ledger(url, password=password)


def ledger_url_of(settings: Settings, which: Premises) -> tuple[str, str | None]:
    """Where a ledger is, and the password of its database. Raises SettingsError."""
    if which == "demo":
        return f"sqlite:///{settings.home / 'demo' / LEDGER_FILE}", None
    return settings.ledger, settings.ledger_password()


def _refusal(actor: Actor, right: Right) -> NotAllowed:
    if actor.must_change:
        return NotAllowed("Choose a password of your own first.", hint="Sign in on the page and change it.")
    holders = [role.title for role in ROLE.values() if right in role.rights]
    return NotAllowed(
        f'{actor.name or actor.login or "You"} may not do this: it needs the right "{RIGHT[right].title}".',
        hint=f"It comes with the roles {', '.join(holders)}. An administrator gives roles on the page Access.",
    )


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
    """Opens the house of this process, as the user who owns its files sees it.

    What `current` then gives is seen by nobody: faces name the actor of each request.
    """
    global _current
    house = House(settings)
    _current = house.by(NOBODY)
    return house


def current() -> House:
    """The house of this process, as nobody sees it. Raises NotFound before it is open."""
    if _current is None:
        raise NotFound("The stores are not open yet.", hint="Start Gatehouse with `make run` or `gatehouse serve`.")
    return _current


def silent(_: Progress) -> None:
    """A report for work that nobody watches."""
