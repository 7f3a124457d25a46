"""The demo's people as actors, in a house of the test's own."""

from core.ledger import people
from core.services import demo_people, identity
from core.services.house import House


def furnished(house: House) -> House:
    """The house, with the demo's people in its demo ledger."""
    demo_people.furnish(house.ledger_of("demo"))
    return house


def seen_by(house: House, login: str) -> House:
    """The house as one of the demo's people sees it."""
    with house.ledger_of("demo").reading() as connection:
        row = people.by_login(connection, login)
    assert row is not None
    return house.by(identity.actor_of_person(house, row["id"], "demo"))
