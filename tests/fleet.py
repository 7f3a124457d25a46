"""A house with a fleet of any size: its facts are filled directly, its inventory by the ledger's own tables."""

import random
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from core.governance.inventory_fields import EMPTY
from core.ledger import inventory as table
from core.ledger import people
from core.services.house import House, now_ms
from core.services.inventory_edits import blank_row
from core.settings import load

WORDS = ("credit", "fraud", "churn", "price", "risk", "loan", "card", "limit", "income", "claims", "letter", "scan")


def settings_of(folder: Path) -> House:
    """A house of its own stores with one source "s" that is never read."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gatehouse.toml").write_text(f'[sources.s]\nurl = "sqlite:///{folder / "none.db"}"\ninterval_s = 0\n')
    return House(load({}, folder))


def registered(house: House, names: Sequence[str], *, live: int = 2) -> list[str]:
    """Registers models with three versions each; every live-th has one in production. Returns their refs."""
    with house.facts.transaction() as cursor:
        cursor.execute(
            "INSERT INTO syncs (source, outcome, started_ms, ended_ms, complete_ms) VALUES ('s', 'ok', 1, 1, 1)"
        )
        cursor.executemany(
            "INSERT INTO models VALUES ('s', ?, ?, 1700000000000, 1700000000000, MAP {'team': 'a'})",
            [[name, f"What {name} is"] for name in names],
        )
        cursor.execute(
            "INSERT INTO versions SELECT 's', m.name, v.version, NULL, 'READY', NULL, v.stage, [], NULL, NULL, NULL,"
            " NULL, 1700000000000, 1700000000000, MAP {} FROM models AS m CROSS JOIN"
            " (VALUES ('1', 'archived'), ('2', 'staging')) AS v(version, stage)"
        )
        cursor.executemany(
            "INSERT INTO versions VALUES ('s', ?, '3', NULL, 'READY', NULL, ?, [], NULL, NULL, NULL, NULL,"
            " 1700000000000, 1700000000000, MAP {})",
            [[name, "production" if number % live == 0 else "development"] for number, name in enumerate(names)],
        )
    house.changed()
    return [f"s:{name}" for name in names]


def peopled(house: House, number: int) -> list[str]:
    """Adds people without roles; returns their ids."""
    ids = [f"p_{n:04d}" for n in range(number)]
    with house.ledger.transaction(actor="system", now_ms=now_ms()) as tx:
        tx.connection.execute(
            sa.insert(people.people),
            [
                {"id": who, "login": f"person.{n}", "name": f"Person Number {n}", "mail": f"p{n}@bank.example",
                 "origin": "local", "external": None, "password_hash": None, "must_change": False, "failures": 0,
                 "locked_until_ms": None, "created_ms": 1, "disabled_ms": None, "erased_ms": None}
                for n, who in enumerate(ids)
            ],
        )  # fmt: skip
        tx.append("people.added", "house:test", {})
    return ids


def described(house: House, refs: Sequence[str], who: Sequence[str], *, seed: int = 1) -> list[str]:
    """A row for each ref, most of them with some gaps; returns their ids."""
    dice = random.Random(seed)
    rows = []
    for number, ref in enumerate(refs):
        values = {
            **EMPTY, "name": ref.partition(":")[2], "description": "A model. " * dice.randint(0, 6),
            "owner": dice.choice([*who, None]), "deputy": dice.choice([*who, None]),
            "validator": dice.choice([*who, None, None]),
            "purpose": f"Decides on {dice.choice(WORDS)} and {dice.choice(WORDS)}." if dice.random() < 0.8 else "",
            "users": "Retail", "data_categories": ("personal", "financial"),
            "exposure": dice.choice(["internal", "limited", "significant", "critical", None]),
            "purpose_class": dice.choice(["operations", "decision_support", "automated_decision"]),
            "backup": dice.choice(["", "version 2"]), "last_review": dice.choice([None, "2026-03-01", "2024-01-31"]),
            "regimes": ("sr_26_2",),
        }  # fmt: skip
        rows.append(blank_row(f"i_{number:06d}", ref, values, now_ms=1))
    with house.ledger.transaction(actor="system", now_ms=now_ms()) as tx:
        table.add(tx.connection, rows)
        tx.append("inventory.filled", "house:test", {})
    return [row["id"] for row in rows]


def fleet(folder: Path, *, models: int, persons: int) -> House:
    """A house of that many registered and described models, and that many people."""
    house = settings_of(folder)
    house.switch("own")
    names = [f"{WORDS[n % len(WORDS)]}_{n:05d}" for n in range(models)]
    described(house, registered(house, names), peopled(house, persons))
    return house
