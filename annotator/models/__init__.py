from .judgments import (
    Consensus,
    ConsensusMethod,
    ConsensusState,
    Judgment,
    Mark,
    MarkKind,
    PersonJudgment,
    PersonVerdict,
    Side,
    Verdict,
)
from .slots import Slot, SlotKind, SlotState
from .studies import Invitation, Item, Member, Role, Study, StudyState

__all__ = [
    "Consensus",
    "ConsensusMethod",
    "ConsensusState",
    "Invitation",
    "Item",
    "Judgment",
    "Mark",
    "MarkKind",
    "Member",
    "PersonJudgment",
    "PersonVerdict",
    "Role",
    "Side",
    "Slot",
    "SlotKind",
    "SlotState",
    "Study",
    "StudyState",
    "Verdict",
]
