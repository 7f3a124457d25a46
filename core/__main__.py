"""`python -m core`: the same commands as `gatehouse`."""

from core.cli import main

main()
