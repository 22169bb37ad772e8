"""What goes wrong when a clip is distorted. Every message is a sentence for the person who asked."""


class SynthesisError(Exception):
    """A clip cannot be distorted as asked."""


class TooShort(SynthesisError):
    """The clip has too few frames for the schedule."""


class NoFaces(SynthesisError):
    """Nobody, or fewer people than the recipe needs, is seen for long enough."""


class NoDonor(SynthesisError):
    """No donor fits the pose, light and expression of the person."""


class Unreachable(SynthesisError):
    """The recipe cannot reach the severity on this face."""


class BadParameter(SynthesisError, ValueError):
    """A recipe, schedule, parameter or severity that does not exist or is out of range."""
