"""The house as the sender of an API request sees it."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from core.services.house import House


def visited(request: Request) -> House:
    """The house, seen by whom the request is from. Raises NotSignedIn."""
    house: House = request.app.state.visit(request)
    return house


Visited = Annotated[House, Depends(visited)]
