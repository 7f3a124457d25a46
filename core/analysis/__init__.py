"""Pure numbers: counts in, results out. Knows no threshold, no clock and no store."""
