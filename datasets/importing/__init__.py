"""Bring a folder or a manifest of clips into the library, and say line by line what could not be taken."""

from .pairing import PairRule
from .report import ImportReport, Problem
from .run import import_source

__all__ = ["ImportReport", "PairRule", "Problem", "import_source"]
