"""How the API answers: JSON with the stored numbers."""

import json
import math
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse


class Unrounded(JSONResponse):
    """JSON whose numbers are the stored ones; NaN and infinities, which JSON lacks, are strings."""

    def render(self, content: Any) -> bytes:
        return json.dumps(speakable(content), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )


class Routes(APIRouter):
    """Routes whose answers go to Unrounded as they are: a response model would turn infinities into null."""

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().add_api_route(path, endpoint, **{**options, "response_model": None})


def speakable(value: Any) -> Any:
    """The same value with NaN, Infinity and -Infinity as strings."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {str(key): speakable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [speakable(item) for item in value]
    return value
