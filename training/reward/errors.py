"""What can be wrong, each with a sentence that says what to do next."""


class RewardError(Exception):
    """Base of all of this package's errors; the message is for a person."""


class BadConfig(RewardError):
    """A configuration that means nothing."""


class BadCorpus(RewardError):
    """A release that cannot be learned from or evaluated on."""


class BadModel(RewardError):
    """A folder that holds no model, or a model that does not fit the clips."""


class TrainingStopped(RewardError):
    """Training cannot go on; the last good checkpoint is kept."""
