"""Logs to profiles: rows are read once and leave as mergeable counts. Runs in a process of its own."""
