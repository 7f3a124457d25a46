"""Commands of one subject each, put together in core.cli."""
