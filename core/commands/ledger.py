"""verify, backup, restore."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.telling import Json, Which, say, told

if TYPE_CHECKING:
    from core.ledger.verify import Verification


def verify(
    against: Annotated[
        list[Path] | None, typer.Option(help="A signed checkpoint, or a folder of them, kept elsewhere. Repeatable.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="The public key that signs them, kept elsewhere.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Sign where the chain stands now, into this file or folder.")
    ] = None,
    stores: Which = "own",
    as_json: Json = False,
) -> None:
    """Walk the ledger's chain and name the first event that is not what was recorded. Exit 1 when there is one."""
    with told(as_json):
        from core import settings
        from core.services import verification
        from core.services.house import ledger_house

        with ledger_house(settings.load(), stores, there=True) as house:
            found = verification.verify(house, against=against or (), key=key)
            written = None
            if found.intact and checkpoint is not None:
                _, written = verification.checkpoint(house, to=checkpoint)
        document = {"intact": found.intact, **asdict(found), "checkpoint": str(written) if written else None}
        say(as_json, document, _verified(found) + (f"\nSigned checkpoint: {written}" if written else ""))
        if not found.intact:
            raise typer.Exit(1)


def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write; it must not be there yet.")],
    stores: Which = "own",
    as_json: Json = False,
) -> None:
    """Write the ledger and the observed files into one archive, while the server runs."""
    with told(as_json):
        from core import settings
        from core.services import backups
        from core.services.house import ledger_house

        with ledger_house(settings.load(), stores, there=True) as house:
            done = backups.backup(house, file)
        document = {
            "file": str(file), "bytes": file.stat().st_size, "ledger": done.ledger, "schema": done.schema,
            "events": done.seq, "hash": done.hash, "members": len(done.members),
        }  # fmt: skip
        say(as_json, document, f"Written: {file}, {done.seq:,} events, {len(done.members):,} files.\n"
            "It holds names and hashes of passwords: keep it safe.")  # fmt: skip


def restore(
    file: Annotated[Path, typer.Argument(help="An archive that `gatehouse backup` wrote.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    stores: Which = "own",
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the ledger; the one that was there is kept aside. The server must not run."""
    with told(as_json):
        from core import settings
        from core.errors import Invalid
        from core.services import backups

        if not yes:
            if as_json or not sys.stdin.isatty():
                raise Invalid("Nobody is there to ask.", hint="Say --yes to replace the ledger.")
            typer.confirm(f"Replace the ledger of the {stores} stores by {file.name}?", abort=True)
        done = backups.restore(settings.load(), stores, file)
        document = {
            "ledger": done.manifest.ledger, "events": done.manifest.seq, "schema": done.manifest.schema,
            "kept": done.kept, "files": done.files,
        }  # fmt: skip
        kept = f"\nWhat was there is kept: {done.kept}" if done.kept else ""
        say(as_json, document, f"Restored: {done.manifest.seq:,} events, {done.files:,} observed files.{kept}")


def _verified(found: "Verification") -> str:
    counts = f"{found.events:,} events hold, the last one {found.hash[:16]}..."
    counts += f"\n{found.sealed:,} sealed texts are as they were, {found.erased:,} are erased."
    counts += f"\n{found.checkpoints:,} signed checkpoints agree."
    if found.intact:
        return f"Intact: ledger {found.ledger}\n{counts}"
    return "\n".join([f"NOT INTACT: ledger {found.ledger}", *(problem.told for problem in found.problems), counts])
