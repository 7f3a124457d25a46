"""Houses for tests of the inventory: a few registered models, a few people with roles."""

from pathlib import Path

from core.services import accounts, identity
from core.services.house import House, now_ms
from tests.fleet import registered, settings_of

MODELS = ("credit", "fraud", "price", "wild'; DROP TABLE inventory; --", "<b>bold</b>")
PEOPLE = {
    "ada": ("Ada Lovelace", "ml_lead"), "ben": ("Ben Okri", "validator"), "cleo": ("Cleo Diaz", "compliance"),
    "dan": ("Dan Brown", "viewer"), "eve": ("Eve Moss", "auditor"), "finn": ("Finn Ray", "contributor"),
    "gus": ("Gus Hall", "administrator"), "ada2": ("Ada Lovelace", "viewer"),
}  # fmt: skip


def house_of(folder: Path, models: tuple[str, ...] = MODELS) -> tuple[House, dict[str, str]]:
    """A house, and the ids of its people by login."""
    house = settings_of(folder)
    house.switch("own")
    registered(house, models)
    ids = {}
    with house.ledger.transaction(actor="system", now_ms=now_ms()) as tx:
        for login, (name, role) in PEOPLE.items():
            ids[login] = accounts.insert(tx, login=login, name=name, mail=f"{login}@bank.example", origin="local")
            accounts.give_role(tx, ids[login], role, None)
    return house, ids


def seen_by(house: House, ids: dict[str, str], login: str) -> House:
    """The house as one of its people sees it."""
    return house.by(identity.actor_of_person(house, ids[login], "own"))
