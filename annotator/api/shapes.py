"""The shapes of what goes in and out over slots, for the schema and for the checks that need no database.

What an answer says is checked in services.answers against the study and the clips; here it only has to be JSON.
"""

from rest_framework import serializers

from annotator.models import MarkKind, PersonVerdict, Side, SlotKind, Verdict


class ClaimIn(serializers.Serializer):
    holding = serializers.ListField(
        child=serializers.CharField(max_length=200),
        max_length=20,
        required=False,
        default=list,
        help_text="Tokens of what the caller has in hand. A lease of theirs that is not named comes back first.",
    )


class SlotOut(serializers.Serializer):
    token = serializers.CharField()
    lease_seconds = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=[SlotKind.ANSWER, SlotKind.REVIEW, SlotKind.QUALIFY])


class SideOut(serializers.Serializer):
    url = serializers.CharField()


class SubjectOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    references = serializers.ListField(child=serializers.CharField())


class QuestionsOut(serializers.Serializer):
    overall = serializers.BooleanField()
    people = serializers.BooleanField()
    marks = serializers.BooleanField()
    remark = serializers.BooleanField()


class ProgressOut(serializers.Serializer):
    done = serializers.IntegerField()
    total = serializers.IntegerField(help_text="Done, and at most what is still left for this annotator.")
    median_seconds = serializers.IntegerField(allow_null=True, help_text="Of the last answers.")


class MarkShape(serializers.Serializer):
    person = serializers.IntegerField()
    side = serializers.ChoiceField(choices=Side.choices)
    kind = serializers.ChoiceField(choices=MarkKind.choices)
    frame = serializers.IntegerField(min_value=0, help_text="Index in the playback copy of that side.")


class AnswerShape(serializers.Serializer):
    overall = serializers.ChoiceField(choices=Verdict.choices, required=False, allow_blank=True)
    people = serializers.DictField(
        child=serializers.ChoiceField(choices=PersonVerdict.choices),
        required=False,
        help_text="By person's id.",
    )
    marks = MarkShape(many=True, required=False)
    no_drift = serializers.ListField(
        child=serializers.IntegerField(), required=False, help_text="People without drift on either side."
    )
    remark = serializers.CharField(required=False, allow_blank=True)


class PreviousOut(serializers.Serializer):
    judgment = serializers.IntegerField()
    answer = AnswerShape()


class PayloadOut(serializers.Serializer):
    slot = SlotOut()
    left = SideOut()
    right = SideOut()
    prompt = serializers.CharField()
    people = SubjectOut(many=True)
    questions = QuestionsOut()
    progress = ProgressOut()
    previous = PreviousOut(allow_null=True)


class TokenIn(serializers.Serializer):
    token = serializers.CharField(max_length=200)


class TokensIn(serializers.Serializer):
    tokens = serializers.ListField(child=serializers.CharField(max_length=200), max_length=20)


class HeartbeatOut(serializers.Serializer):
    kept = serializers.DictField(
        child=serializers.BooleanField(), help_text="For each token whether the slot is still the caller's."
    )


class ReleasedOut(serializers.Serializer):
    released = serializers.BooleanField(help_text="False when it was not held any more.")


class SubmitIn(serializers.Serializer):
    token = serializers.CharField(max_length=200)
    idempotency_key = serializers.UUIDField()
    supersedes = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1
    )
    answer = serializers.JSONField()
    active_ms = serializers.IntegerField(min_value=0, max_value=2**53)


class SubmitDoc(SubmitIn):
    """The same with the answer spelled out, for the schema."""

    answer = AnswerShape()  # type: ignore[assignment]


class FeedbackOut(serializers.Serializer):
    right = serializers.BooleanField()
    text = serializers.CharField(help_text="What is known of the pair, in terms of left and right.")


class SubmittedOut(serializers.Serializer):
    judgment = serializers.IntegerField()
    surplus = serializers.BooleanField(
        help_text="Kept but not counted, since the slot was answered by somebody else or before."
    )
    notice = serializers.CharField(help_text="A sentence for the annotator; mostly empty.")
    feedback = FeedbackOut(
        allow_null=True, help_text="After a test question, in a study that says how it went; else null."
    )
    progress = ProgressOut()
