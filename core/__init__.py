"""Gatehouse: where machine-learning models are compared, checked and signed off."""

__version__ = "0.1.0"
