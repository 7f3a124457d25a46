"""Electronic signatures, in the manner of 21 CFR 11.50: printed name, date and time, and what signing means.

The printed name is kept under a seal until the retention ends, also when the person is erased: whoever reads the signed
record must see who signed it. A signature belongs to one event of the chain and cannot be moved to another.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

import sqlalchemy as sa

from core.ledger import people
from core.ledger.chain import SEALED
from core.ledger.schema import metadata, sealed_texts
from core.ledger.store import Transaction
from core.ledger.texts import Words

Meaning = Literal["approval", "review", "responsibility", "authorship"]
MEANINGS: tuple[Meaning, ...] = get_args(Meaning)
RETENTION_YEARS = 10
YEAR_MS = 31_556_952_000  # of the Gregorian calendar, on average

# Grain: one signature, of one event.
signatures = sa.Table(
    "signatures", metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("event", sa.BigInteger, nullable=False, index=True),  # seq of the signed event
    sa.Column("subject", Words, nullable=False, index=True),
    sa.Column("person", sa.String(40), nullable=False, index=True),
    sa.Column("seal", sa.String(64), nullable=False),                # of the printed name
    sa.Column("meaning", sa.String(16), nullable=False),
    sa.Column("time_ms", sa.BigInteger, nullable=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature as it is shown. printed: "" once the retention is over and the person was erased."""

    id: str
    event: int
    person: str
    printed: str
    meaning: str
    time_ms: int


def retain_until(now_ms: int) -> int:
    """Until when what is signed now is kept, milliseconds since 1970 UTC."""
    return now_ms + RETENTION_YEARS * YEAR_MS


def sign(
    tx: Transaction, *, action: str, subject: str, payload: dict[str, object], person: str, printed: str,
    meaning: Meaning,
) -> str:  # fmt: skip
    """Appends an event that bears a signature, and returns the signature's id.

    Whether the printed name is the person's is for the caller to see to.
    """
    signature = people.new_id("s")
    sealed = tx.seal(printed, person, retain_until_ms=retain_until(tx.now_ms))
    said = {"signature": signature, "printed_name": sealed, "meaning": meaning}
    event = tx.append(action, subject, {**payload, "signed": said})
    tx.connection.execute(
        sa.insert(signatures).values(
            id=signature, event=event, subject=subject, person=person, seal=sealed[SEALED], meaning=meaning,
            time_ms=tx.now_ms,
        )
    )  # fmt: skip
    return signature


def by_ids(connection: sa.Connection, ids: Collection[str]) -> dict[str, Signature]:
    """Signatures by id."""
    found: dict[str, Signature] = {}
    wanted = sorted(ids)
    joined = sa.outerjoin(signatures, sealed_texts, signatures.c.seal == sealed_texts.c.seal)
    for start in range(0, len(wanted), 500):
        query = sa.select(signatures, sealed_texts.c.text).select_from(joined)
        for row in connection.execute(query.where(signatures.c.id.in_(wanted[start : start + 500]))).mappings():
            found[row["id"]] = Signature(
                id=row["id"], event=row["event"], person=row["person"], printed=row["text"] or "",
                meaning=row["meaning"], time_ms=row["time_ms"],
            )  # fmt: skip
    return found


def texts(connection: sa.Connection, seals: Collection[str]) -> dict[str, str]:
    """Sealed texts that are still there, by seal."""
    found: dict[str, str] = {}
    wanted = sorted(seals)
    for start in range(0, len(wanted), 500):
        query = sa.select(sealed_texts.c.seal, sealed_texts.c.text)
        found |= {
            r.seal: r.text
            for r in connection.execute(query.where(sealed_texts.c.seal.in_(wanted[start : start + 500])))
        }
    return found
