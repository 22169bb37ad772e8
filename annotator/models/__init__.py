from .faces import CurvesSeen, ReportState, TrackReport
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
from .studies import Curves, Invitation, Item, Member, Qualification, QueueOrder, Role, Study, StudyState

__all__ = [
    "Consensus",
    "ConsensusMethod",
    "ConsensusState",
    "Curves",
    "CurvesSeen",
    "Invitation",
    "Item",
    "Judgment",
    "Mark",
    "MarkKind",
    "Member",
    "PersonJudgment",
    "PersonVerdict",
    "Qualification",
    "QueueOrder",
    "ReportState",
    "Role",
    "Side",
    "Slot",
    "SlotKind",
    "SlotState",
    "Study",
    "StudyState",
    "TrackReport",
    "Verdict",
]
