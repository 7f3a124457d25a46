"""Commands. Each imports what it needs when it runs: `gatehouse --help` is there at once."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from core.commands import ledger, users
from core.commands.telling import Json
from core.commands.telling import say as _say
from core.commands.telling import told as _told

if TYPE_CHECKING:
    from core.records import Progress

APP_FILE = Path(__file__).resolve().parents[1] / "app.py"

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="Models compared, checked and signed off.",
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip


def main() -> None:
    """Runs a command. Exit 0: ok, 1: a negative verdict, 2: bad usage or input, or a source that failed."""
    app()


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    as_json: Json = False,
) -> None:
    """Serve the pages and the API; without a source of your own, with the demo."""
    with _told(as_json):
        from core import settings
        from core.errors import Busy

        stated = settings.load()
        settings.check_address(stated)
        if server := _server():
            raise Busy(f"Gatehouse serves these stores already: {server['url']}", hint="Use that one, or end it first.")
        chosen = port or stated.port
        url = stated.public_url or replace(stated, port=chosen).local_url
        _say(as_json, {"url": url}, f"Gatehouse on {url}")
    sys.stdout.flush()
    os.environ["GATEHOUSE_PORT"] = str(chosen)
    os.environ["STREAMLIT_CONFIG_FOLDER"] = str(APP_FILE.parent)
    # Without a reverse proxy in front, nothing that calls itself X-Forwarded-* is believed, this machine's included.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "127.0.0.1,::1" if stated.public_url or stated.proxy else "none")
    options = {"server.port": [str(chosen)], "server.address": [stated.address]}
    if stated.public_url:
        options["server.allowedHosts"] = [*settings.LOOPBACK, urlsplit(stated.public_url).hostname or ""]
        options["server.corsAllowedOrigins"] = [stated.public_url]
    told = [word for name, values in options.items() for value in values for word in (f"--{name}", value)]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(APP_FILE), *told])


@app.command()
def demo(as_json: Json = False) -> None:
    """Load the demo into its own stores, profile its logs and show it."""
    with _told(as_json):
        _sync_all(as_json, "demo")
        if _server() is None:
            from core import settings
            from core.services.house import open_house

            house = open_house(settings.load())
            house.switch("demo")
            house.close()
        _profile_all(as_json, None, None, "duckdb")


@app.command()
def sync(
    source: Annotated[str | None, typer.Argument(help="One source; all when left out.")] = None, as_json: Json = False
) -> None:
    """Read what is new in the sources, by the running server if there is one."""
    with _told(as_json):
        _sync_all(as_json, None, source)


@app.command()
def profile(
    model: Annotated[str | None, typer.Argument(help="One model; all with a monitor file when left out.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Local day from which on windows are profiled, also known ones.")
    ] = None,
    engine: Annotated[str, typer.Option(help="duckdb, spark (in this process), or spark://host:port.")] = "duckdb",
    init: Annotated[str | None, typer.Option(help="Write a first monitor file by looking at this log.")] = None,
    as_json: Json = False,
) -> None:
    """Read what is new in inference logs into profiles, by the running server if there is one."""
    with _told(as_json):
        if init is not None:
            from core.services.monitor_files import first

            written = first(init, model)
            _say(as_json, {"file": str(written)}, f"Written: {written}\nRead it through, then: gatehouse profile")
            return
        results, failed = _profile_all(as_json, model, since, engine)
        _say(as_json, {"items": results, "total": len(results)}, "\n".join(_profiled(done) for done in results))
        if failed:
            raise typer.Exit(2)


@app.command()
def evaluate(
    model: Annotated[str | None, typer.Argument(help="Only this model; all that are profiled when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Judge models by the policy, by the running server if there is one. Exit 1 when a category of any model fails."""
    with _told(as_json):
        server, report = _server(), _Line(as_json)
        if server:
            from core.services.remote import evaluate_by_server

            results = evaluate_by_server(server, model, report)
        else:
            from core import settings
            from core.services.evaluation import evaluate_all
            from core.services.house import open_house

            house = open_house(settings.load())
            try:
                results = evaluate_all(house, model, report)
            finally:
                house.close()
        report.end()
        _say(as_json, {"items": results, "total": len(results)}, "\n".join(_judged(done) for done in results))
        if any(done["error"] for done in results):
            raise typer.Exit(2)
        if any(done["failed"] for done in results):
            raise typer.Exit(1)


app.command()(ledger.verify)
app.command()(ledger.backup)
app.command()(ledger.restore)
app.add_typer(users.app, name="user")


@app.command()
def doctor(as_json: Json = False) -> None:
    """Tell the settings and where each came from, the state of the stores, and whether each source answers."""
    with _told(as_json):
        from core.services.doctor import examine

        report = examine(_server())
        _say(as_json, report.as_json(), report.as_text())
        if not report.healthy:
            raise typer.Exit(1)


def _sync_all(as_json: bool, which: str | None, source: str | None = None) -> None:
    server = _server()
    report = _Line(as_json)
    if server:
        from core.services.remote import sync_by_server

        results = sync_by_server(server, source, which, report)
    else:
        from core import settings
        from core.services.house import open_house

        house = open_house(settings.load())
        try:
            premises = "demo" if which == "demo" else house.active
            names = [source] if source else list(house.sources_of(premises))
            results = [house.sync(name, report, which=premises) for name in names]
        finally:
            house.close()
    report.end()
    lines = [
        f"{done['source']}: "
        + ("nothing new" if done["unchanged"] else f"{done['read']:,} runs read, {done['removed']:,} gone")
        + f", {done['seconds']:.1f} s"
        for done in results
    ]
    _say(as_json, {"items": results, "total": len(results)}, "\n".join(lines) or "No source is set up yet.")


def _profile_all(as_json: bool, model: str | None, since: str | None, engine: str) -> tuple[list[dict[str, Any]], bool]:
    """What was done for each model, and whether anything could not be read or profiled."""
    server = _server()
    report = _Line(as_json)
    if server:
        from core.services.remote import profile_by_server

        results = profile_by_server(server, model, since, engine, report)
    else:
        from core import settings
        from core.profiling.lean import without_pandas
        from core.services.house import open_house
        from core.services.profiling import profile_all

        if engine == "duckdb":
            without_pandas()

        house = open_house(settings.load())
        try:
            results = profile_all(house, model, report, engine=engine, since=since)
        finally:
            house.close()
    report.end()
    return results, any(done["error"] for done in results)


def _profiled(done: dict[str, Any]) -> str:
    if done["error"] and not done["edges"]:
        return f"{done['model']}: {done['error']['message']}\n  {done['error']['hint']}"
    text = f"{done['model']}: "
    if done["windows"] or done["learned"]:
        late = f", {done['late']:,} of them for labels that arrived" if done["late"] else ""
        text += f"{done['rows']:,} rows, {done['windows']:,} windows{late}, {done['seconds']:.1f} s"
    else:
        text += "nothing new"
    odd = [(done["undated"], "rows without a readable time"), (done["rejected"], "lines that are no rows"),
           (done["contradictions"], "ids with contradicting labels")]  # fmt: skip
    told = ", ".join(f"{count:,} {what}" for count, what in odd if count)
    text += f"\n  Left out and counted: {told}." if told else ""
    if done["error"]:
        text += f"\n  {done['error']['message']}\n  {done['error']['hint']}"
    return text


def _judged(done: dict[str, Any]) -> str:
    if done["error"]:
        return f"{done['model']}: {done['error']['message']}\n  {done['error']['hint']}"
    if not done["outcomes"]:
        return f"{done['model']}: no window holds rows yet"
    told = "; ".join(f"{category.replace('_', ' ')}: {outcome}" for category, outcome in done["outcomes"].items())
    kinds = [f"{done[kind]} {kind}" for kind in ("opened", "changed", "cleared", "withdrawn") if done[kind]]
    findings = f"\n  Findings: {', '.join(kinds)}." if kinds else ""
    return f"{done['model']} {done['version']}: {told}{findings}"


class _Line:
    """Progress on one line of the terminal."""

    def __init__(self, quiet: bool) -> None:
        self._shown = sys.stderr.isatty() and not quiet
        self._width = 0

    def __call__(self, progress: "Progress") -> None:
        if not self._shown:
            return
        text = progress.phase
        if progress.total:
            text += f" {progress.done:,} of {progress.total:,} {progress.unit}"
        if progress.seconds_left is not None:
            text += f", {progress.seconds_left:.0f} s left"
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def end(self) -> None:
        if self._shown:
            sys.stderr.write("\r" + " " * self._width + "\r")


def _server() -> dict[str, Any] | None:
    """The running server's url and token, or None."""
    from core.services.remote import running_server

    return running_server()
