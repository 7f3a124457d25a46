"""The audit trail as a file: CSV to be read, JSON Lines to be checked by others."""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal

from core.ledger import chain, trail
from core.ledger.chain import Event
from core.services.audit import Query, check, hashed_body, lines, matching
from core.services.audit_names import names
from core.services.guard import needs
from core.services.house import House

Format = Literal["csv", "jsonl"]
FORMATS: dict[Format, str] = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
COLUMNS = (
    "seq", "time", "actor", "actor_name", "on_behalf_of", "action", "subject", "what_happened", "payload", "previous",
    "hash",
)  # fmt: skip
RECIPE = """\
import hashlib, json, rfc8785

last = "0" * 64
for line in open("audit.jsonl", encoding="utf-8"):
    said = json.loads(line)
    own = said.pop("hash")
    assert hashlib.sha256(rfc8785.dumps(said)).hexdigest() == own, said["seq"]
    assert said["previous"] == last, said["seq"]  # of an export without filters
    last = own
print("intact, head", last)
"""
"""How an outsider recomputes the chain from an export."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@needs("audit", everywhere=True)
def export(house: House, query: Query, kind: Format) -> Iterator[bytes]:
    """All events that match, oldest first, piece by piece. That they were taken along is an event itself.

    CSV: times in UTC, names as they are now; a text that a spreadsheet would run as a formula has an apostrophe
    before it. JSON Lines: an object a line, exactly what is hashed and beside it "hash". Raises Invalid.
    """
    check(query)
    wanted = query.wanted
    limits = {key: value for key, value in asdict(wanted).items() if value not in ("", None)}
    with house.deciding("audit") as tx:
        if query.words:
            limits["words"] = tx.seal(query.words, tx.actor)
        last = tx.append("audit.exported", "audit:trail", {"format": kind, "filters": limits})
    return _pieces(house, query, kind, last)


def _pieces(house: House, query: Query, kind: Format, last: int) -> Iterator[bytes]:
    write = _csv if kind == "csv" else _jsonl
    known = names(house) if query.parts else {}
    if kind == "csv":
        yield _row(COLUMNS)
    after = 0
    while True:
        # A reading a piece: a slow taker must not hold the ledger's old pages for as long as it likes.
        with house.ledger.reading() as connection:
            events = list(islice(trail.in_order(connection, query.wanted, after=after, to=last), trail.CHUNK))
            shown = list(matching(connection, events, query.parts, known)) if query.parts else events
        if shown:
            yield write(house, shown)
        if len(events) < trail.CHUNK:
            return
        after = events[-1].seq


def _jsonl(_: House, events: list[Event]) -> bytes:
    return b"".join(
        chain.canonical(hashed_body(event) | {"hash": event.hash}).encode("utf-8") + b"\n" for event in events
    )


def _csv(house: House, events: list[Event]) -> bytes:
    told = zip(events, lines(house, events), strict=True)
    return b"".join(
        _row(
            [event.seq, _utc(event.time_ms), event.actor, line.actor_name, line.on_behalf_of, event.action,
             event.subject, line.said, event.payload, event.previous, event.hash]
        )
        for event, line in told
    )  # fmt: skip


def _row(cells: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.getvalue().encode("utf-8", "replace")


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _utc(ms: int) -> str:
    safe = min(max(ms, 0), 253_370_764_800_000)
    return datetime.fromtimestamp(safe / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
