"""The release format: an immutable folder of Parquet, a manifest with checksums, and a dataset card.

Pure: pyarrow, numpy and the standard library. Nothing here knows a database; a GPU box reads a release with it.
"""

from .errors import ReleaseError
from .manifest import Manifest, ReleaseInfo, read_manifest
from .reader import Release
from .schema import SCHEMA_VERSION, Row
from .source import Source
from .splits import Groups, Splits, parse_splits
from .verify import verify_release
from .writer import write_release

__all__ = [
    "SCHEMA_VERSION",
    "Groups",
    "Manifest",
    "Release",
    "ReleaseError",
    "ReleaseInfo",
    "Row",
    "Source",
    "Splits",
    "parse_splits",
    "read_manifest",
    "verify_release",
    "write_release",
]
