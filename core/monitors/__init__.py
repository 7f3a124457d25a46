"""Monitor files: what a log holds and how it is to be read. Typed and closed."""
