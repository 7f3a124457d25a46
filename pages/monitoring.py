"""Monitoring: one model's five verdicts with their reasons, and what stands behind them (?model=, ?feature=)."""

from core.ui import monitoring_head, monitoring_sections, monitoring_strip
from core.ui.visit import current

house = current()
chosen = monitoring_head.choose(house)
if chosen is not None:
    monitoring_strip.strip(house, chosen)
    monitoring_sections.sections(house, chosen)
