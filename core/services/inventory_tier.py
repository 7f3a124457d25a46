"""Setting a tier against materiality: a decision with a reason and a signature.

Whoever signs types the full printed name, as a person signs a form. That shows intent and names the signer; it is no
second proof of identity, which the session gives. What is signed is kept for ten years, also when the signer is erased.
"""

from core.errors import Conflict, Invalid, NotAllowed
from core.governance.inventory import LEAST_REASON, same_name, unfit_override
from core.governance.inventory_fields import EMPTY
from core.governance.materiality import TIERS, Tier
from core.ledger import inventory as table
from core.ledger import signatures
from core.ledger.chain import SEALED
from core.ledger.people import new_id
from core.services import inventory, inventory_values, policy_files
from core.services.guard import needs
from core.services.house import House
from core.services.inventory_edits import blank_row, stale_error

LONGEST_REASON = 4_000


@needs("decide")
def override_tier(house: House, key: str, revision: int, *, tier: Tier | None, reason: str, printed: str) -> None:
    """Sets the tier of an entry, or with None lets materiality decide again, over the actor's signature.

    reason: at least 20 characters.  printed: the actor's full name as the actor types it.
    Raises Invalid, Conflict, NotAllowed for whoever is no person that could sign.
    """
    one = inventory.entry(house, key, day=inventory.today())
    said = inventory_values.words(reason, lines=True)
    if tier is not None and tier not in TIERS:
        raise Invalid(f"There is no tier {str(tier)[:20]}.", field="tier", hint="Tiers are 1, 2 and 3.")
    if len(said) > LONGEST_REASON:
        raise Invalid(f"A reason has at most {LONGEST_REASON:,} characters.", field="reason", hint="Shorten it.")
    if unfit := unfit_override(one.tier_given, tier, said):
        field = "reason" if len(" ".join(said.split())) < LEAST_REASON else "tier"
        raise Invalid(unfit, field=field, hint="Say which facts the materiality table does not know.")
    if tier == (one.override.tier if one.override else None):
        raise Conflict("The tier is that already.", hint="Choose another one.")
    if one.retired_ms is not None:
        raise Conflict(f"{one.name[:80]} is retired.", hint="Restore it first.")
    if house.actor.kind != "person":
        raise NotAllowed("Only a person who is signed in can sign.", hint="Sign in on the page Inventory.")
    if not same_name(printed, house.actor.name):
        raise Invalid(
            "The printed name is not yours.", field="printed",
            hint=f'Type it as your account has it: "{house.actor.name}".',
        )  # fmt: skip
    with house.deciding("decide", inventory.homes(house)(one.ref, one.values["project"])) as tx:
        entry, at = one.id, revision
        if entry is None:
            entry, at = new_id("i"), 1
            if one.ref in table.live_by_refs(tx.connection, {one.ref or ""}) or revision != 0:
                raise stale_error([one.name[:80]])
            values = {**EMPTY, "name": one.name}
            table.add(tx.connection, [blank_row(entry, one.ref, values, now_ms=tx.now_ms)])
            first = {"name": one.name, "kind": "own", "ref": one.ref}
            tx.append("inventory.added", f"inventory:{entry}", {"after": first})
        sealed = tx.seal(said, tx.actor, retain_until_ms=signatures.retain_until(tx.now_ms))
        signature = signatures.sign(
            tx, action="inventory.tier_overridden" if tier else "inventory.override_lifted",
            subject=f"inventory:{entry}", person=tx.actor, printed=" ".join(printed.split()), meaning="responsibility",
            payload={
                "before": {"tier": one.tier}, "after": {"tier": tier or one.tier_given}, "reason": sealed,
                "materiality": {"gives": one.tier_given, "version": policy_files.materiality(house).version},
            },
        )  # fmt: skip
        changes = {
            "tier_override": tier, "override_reason": sealed[SEALED] if tier else None,
            "override_signature": signature if tier else None,
        }  # fmt: skip
        if not table.change(tx.connection, entry, at, changes):
            raise stale_error([one.name[:80]])
