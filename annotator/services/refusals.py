"""Why a claim or an answer is refused, as exceptions that know nothing of HTTP."""


class Refused(Exception):
    """A refusal with a code for programs and a sentence for people."""

    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class StudyNotOpen(Refused):
    code = "study_not_open"


class TooManyLeases(Refused):
    code = "too_many_leases"


class NotQualified(Refused):
    """The round of test questions before the first pair was not passed."""

    code = "not_qualified"


class TokenUnknown(Refused):
    """Forged, cut short, or of a study that is gone."""

    code = "token_unknown"


class TokenForeign(Refused):
    """Genuine, and somebody else's."""

    code = "token_foreign"


class KeyTaken(Refused):
    """The idempotency key belongs to another annotator's answer."""

    code = "key_taken"


class InvitationInvalid(Refused):
    code = "invitation_invalid"
