"""Policy versions that have judged: kept by their content, so that a verdict can always be read with its limits."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.errors import Conflict
from core.governance.policy import Policy
from core.ledger import policies as kept
from core.ledger.chain import canonical
from core.services.cache import cached
from core.services.guard import needs
from core.services.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version that has judged. content: what its file said.  hash: SHA-256 of its canonical JSON, in hex.

    at_ms: when it first judged.
    """

    name: str
    version: int
    hash: str
    content: Mapping[str, Any]
    at_ms: int


@needs("operate")
def publish(house: House, policy: Policy) -> str:
    """Keeps a version when it first judges; returns the hash of its content.

    Raises Conflict when the same version has judged with another content.
    """
    text = content(policy)
    digest = hash_of(policy)
    with house.ledger.reading() as connection:
        row = kept.published(connection, policy.name, policy.version)
    if row is None:
        project = next(iter(sorted(house.actor.places("operate") or ())), None)
        with house.deciding("operate", project) as tx:
            row = kept.published(tx.connection, policy.name, policy.version)
            if row is None:
                tx.connection.execute(
                    sa.insert(kept.policies_published).values(
                        name=policy.name, version=policy.version, content_hash=digest, content=text, at_ms=tx.now_ms
                    )
                )
                tx.append(
                    "policy.published", f"policy:{policy.name}/{policy.version}",
                    {"after": {"version": policy.version, "hash": digest}},
                )  # fmt: skip
                return digest
    if row["content_hash"] != digest:
        raise Conflict(
            f"Version {policy.version} of the policy {policy.name} has judged with another content.",
            hint=f"Raise `version` in the policy file, to {policy.version + 1} or more.",
        )
    return digest


@needs("view")
@cached(maxsize=4, decisions=True)
def known(house: House) -> tuple[Published, ...]:
    """Every version that has judged, the newest first."""
    with house.ledger.reading() as connection:
        rows = kept.all_published(connection)
    return tuple(
        Published(
            name=row["name"], version=row["version"], hash=row["content_hash"], content=json.loads(row["content"]),
            at_ms=row["at_ms"],
        )
        for row in rows
    )  # fmt: skip


def content(policy: Policy) -> str:
    """What the file says, as canonical JSON: keys that were left out are no part, so a new default changes nothing."""
    return canonical(policy.model_dump(mode="json", exclude_unset=True))


def hash_of(policy: Policy) -> str:
    """SHA-256 of the content, in hex."""
    return hashlib.sha256(content(policy).encode()).hexdigest()
