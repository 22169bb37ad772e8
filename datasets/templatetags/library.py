"""Facts of clips as people read them."""

from django import template

from config.jobs.models import Job
from datasets.models import Clip, ClipState

register = template.Library()

STATE_BADGES = {
    ClipState.PENDING: "badge--paused",
    ClipState.READY: "badge--open",
    ClipState.REFUSED: "badge--error",
}
MODEL_NAMES = {
    "yunet": "YuNet",
    "sface": "SFace",
    "mobilefacenet": "MobileFaceNet",
    "insightface": "insightface",
    "dlib_hog": "dlib",
    "dlib_resnet": "dlib",
}
BAR_PX = 18
JOB_BADGES = {"queued": "", "running": "badge--accent", "succeeded": "badge--open", "failed": "badge--error"}


@register.filter
def thousands(value: int) -> str:
    """1482 becomes 1,482."""
    return f"{value:,}"


@register.filter
def fps(clip: Clip) -> str:
    """30000/1001 becomes 29.97, 24/1 becomes 24."""
    if not (clip.fps_num and clip.fps_den):
        return ""
    return f"{clip.fps_num / clip.fps_den:.2f}".rstrip("0").rstrip(".")


@register.filter
def clip_title(clip: Clip) -> str:
    """What a lead calls a clip: its generator and version, else the name of its file."""
    made_by = f"{clip.generator} {clip.generator_version}".strip()
    return made_by or clip.source_name or f"Clip {clip.pk}"


@register.filter
def clip_badge(state: str) -> str:
    return STATE_BADGES.get(ClipState(state), "")


@register.filter
def job_badge(job: Job) -> str:
    return JOB_BADGES.get(job.state, "")


@register.filter
def file_tag(name: str) -> str:
    """Return what a stored file's name says of its content: a link that carries it is never shown outdated."""
    return name.rpartition("/")[2].partition(".")[0][:16]


@register.filter
def series(index: int) -> int:
    """Return which of the plots' four colours a lane has; its name and number are always beside it."""
    return index % 4 + 1


@register.filter
def bar_y(row: int, below: int = 0) -> int:
    """Return where the bars of a row begin in their lane, in pixels."""
    return row * BAR_PX + below


@register.filter
def bars_height(rows: int) -> int:
    return rows * BAR_PX


@register.filter
def backend_name(key: str) -> str:
    """`yunet@ebafce4e+sface@v1` becomes YuNet and SFace."""
    parts = [part.partition("@")[0] for part in key.split("+")]
    return " and ".join(dict.fromkeys(MODEL_NAMES.get(part, part) for part in parts if part))
