"""A check-up: settings with their origin, the stores, and whether each source answers. Never a secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

import core
from core import settings
from core.connectors import connect
from core.errors import GatehouseError
from core.services.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the check-up. ok: None where there was nothing to check."""

    subject: str
    told: str
    ok: bool | None
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The whole check-up."""

    version: str
    settings: Mapping[str, tuple[str, str]]
    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        return all(finding.ok is not False for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "healthy": self.healthy,
            "settings": {key: {"value": value, "from": origin} for key, (value, origin) in self.settings.items()},
            "findings": [
                {"subject": f.subject, "ok": f.ok, "told": f.told, "hint": f.hint} for f in self.findings
            ],
        }  # fmt: skip

    def as_text(self) -> str:
        lines = [f"Gatehouse {self.version}", "", "Settings"]
        lines += [f"  {key} = {value}   ({origin})" for key, (value, origin) in self.settings.items()]
        lines += ["", "Findings"]
        for f in self.findings:
            mark = {True: "ok  ", False: "FAIL", None: "-   "}[f.ok]
            lines.append(f"  {mark} {f.subject}: {f.told}" + (f"\n       {f.hint}" if f.hint and not f.ok else ""))
        return "\n".join(lines)


def examine(server: Mapping[str, Any] | None) -> Examination:
    """Looks at everything. server: the one that runs over the same stores, if there is one. Raises SettingsError."""
    stated = settings.load()
    shown = {
        "home": (str(stated.home), stated.origin["home"]),
        "monitors": (str(stated.monitors), stated.origin["monitors"]),
        "address": (stated.address, stated.origin["address"]),
        "port": (str(stated.port), stated.origin["port"]),
    }
    shown["ledger"] = (_shown_url(stated.ledger), stated.origin["ledger"])
    for name, source in stated.sources.items():
        shown[f"sources.{name}.url"] = (source.url, stated.origin[f"sources.{name}"])
        for key in ("token_env", "token_file", "username", "password_env", "password_file", "ca_file", "proxy"):
            if value := getattr(source, key):
                shown[f"sources.{name}.{key}"] = (value, stated.origin[f"sources.{name}"])
    findings = [_server(server), _store(stated, running=server is not None), _ledger(stated)]
    findings += [_source(name, source) for name, source in stated.sources.items()]
    return Examination(version=core.__version__, settings=shown, findings=tuple(findings))


def _shown_url(url: str) -> str:
    from core.ledger.failures import place

    try:
        return place(make_url(url))
    except ArgumentError:
        return "no URL that can be read"


def _server(server: Mapping[str, Any] | None) -> Finding:
    if server is None:
        return Finding(subject="server", told="not running", ok=None)
    return Finding(subject="server", told=f"runs at {server['url']} (process {server['pid']})", ok=True)


def _store(stated: settings.Settings, *, running: bool) -> Finding:
    if running:
        return Finding(subject="store", told="held by the running server", ok=True)
    try:
        house = House(stated)
    except GatehouseError as error:
        return Finding(subject="store", told=error.message, ok=False, hint=error.hint)
    try:
        runs = house.facts.rows("SELECT count(*) AS n FROM runs")[0]["n"]
        if notice := house.facts.notice:
            return Finding(subject="store", told=notice.message, ok=False, hint=notice.hint)
        return Finding(subject="store", told=f"{house.active} stores, {runs:,} runs", ok=True)
    finally:
        house.close()


def _ledger(stated: settings.Settings) -> Finding:
    """Looks without making or migrating anything."""
    from core.ledger.engines import engine_of
    from core.ledger.failures import explained, place
    from core.ledger.migrating import current, revisions
    from core.ledger.store import Ledger

    try:
        url = make_url(stated.ledger)
        where = place(url)
        if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
            return Finding(subject="ledger", told=f"none yet at {where}; it is made at the first start", ok=None)
        ledger = Ledger(engine_of(stated.ledger, password=stated.ledger_password()))
        try:
            with explained(url):
                schema = current(ledger)
                if schema is None:
                    return Finding(subject="ledger", told=f"{where} is empty; it is made at the first start", ok=None)
                if schema not in revisions():
                    return Finding(
                        subject="ledger", told=f"{where} has schema {schema}, newer than {revisions()[-1]}", ok=False,
                        hint="Start the newer Gatehouse.",
                    )  # fmt: skip
                events, _ = ledger.head()
        finally:
            ledger.close()
    except ArgumentError:
        return Finding(subject="ledger", told="its URL cannot be read", ok=False, hint="See README, Settings.")
    except GatehouseError as error:
        return Finding(subject="ledger", told=error.message, ok=False, hint=error.hint)
    later = "" if schema == revisions()[-1] else f" (becomes {revisions()[-1]} at the next start)"
    return Finding(subject="ledger", told=f"{where}, schema {schema}{later}, {events:,} events", ok=True)


def _source(name: str, source: settings.Source) -> Finding:
    try:
        origin = connect(source)
        try:
            info = origin.probe()
        finally:
            origin.close()
    except GatehouseError as error:
        return Finding(subject=f"source {name}", told=error.message, ok=False, hint=error.hint)
    counts = f"{info.runs:,} runs" if info.runs is not None else "answers"
    return Finding(subject=f"source {name}", told=f"{info.product} {info.version}: {counts}", ok=True)
