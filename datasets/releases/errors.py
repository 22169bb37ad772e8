class ReleaseError(Exception):
    """A release cannot be written or read; the message is a sentence for the person who asked for it."""
