"""Whether the ledger is what was once written, and signed checkpoints of it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import StoreDamaged
from core.ledger import checkpoints
from core.ledger.checkpoints import Checkpoint, Stated
from core.ledger.verify import Passed, Verification
from core.ledger.verify import verify as walk
from core.services.guard import needs
from core.services.house import House, now_ms


@needs("audit")
def verify(
    house: House, *, against: Sequence[Path] = (), key: Path | None = None, passed: Passed = lambda _: None
) -> Verification:
    """Walks the shown ledger; holds it against its own checkpoints and those in `against` (files and folders).

    key: the public key that checkpoints must be signed with; None: the one that signs here. Both may lie in a folder
    that an administrator can write: checkpoints and a key kept elsewhere prove more. Raises NotFound, Invalid.
    """
    folder = house.folder_of(house.active)
    own = folder / checkpoints.FOLDER
    here = folder / checkpoints.PUBLIC_FILE
    trusted = checkpoints.public_key(key) if key else checkpoints.public_key(here) if here.exists() else None
    stated: tuple[Stated, ...] = ()
    if any(own.glob("*.json")):
        signs_here = checkpoints.public_key(here) if here.exists() else trusted
        stated += tuple(replace(item, name=f"{own.name}/{item.name}") for item in checkpoints.gather([own], signs_here))
    stated += checkpoints.gather(against, trusted)
    return walk(house.ledger, stated, passed)


@needs("audit", everywhere=True)
def checkpoint(house: House, *, to: Path | None = None, key: Path | None = None) -> tuple[Checkpoint, Path]:
    """Signs where the chain stands now, after a walk over all of it; returns the checkpoint and its file.

    to: a further file or folder it is written to; None: the stores' own folder alone.  key: the private key that signs;
    None: the stores' own, made on first use.  Raises StoreDamaged when the ledger does not verify: what is wrong must
    not be signed.
    """
    found = verify(house)
    if not found.intact:
        raise StoreDamaged(found.problems[0].told, hint="Nothing was signed. See `gatehouse verify`.")
    folder = house.folder_of(house.active)
    signs = checkpoints.private_key(key or folder / checkpoints.KEY_FILE)
    signed = checkpoints.sign(signs, ledger=found.ledger, seq=found.events, hash=found.hash, time_ms=now_ms())
    own = folder / checkpoints.FOLDER
    own.mkdir(parents=True, exist_ok=True)
    file = checkpoints.write(signed, own)
    return signed, checkpoints.write(signed, to) if to else file
