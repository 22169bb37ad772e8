"""What can go wrong with models and references, each as a sentence that says what to do."""

from __future__ import annotations


class IdentityError(Exception):
    """A sentence for a person to read."""


class ModelError(IdentityError):
    """A model file or a library is missing, damaged or of another kind."""


class ReferencePictureError(IdentityError):
    """A reference picture cannot be used."""


class StoreError(IdentityError):
    """A stored analysis cannot be read."""
