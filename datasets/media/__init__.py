"""Video files: facts, playback copies, pictures, frames. Pure: numpy, PyAV and Pillow only."""

from datasets.media.errors import MediaError
from datasets.media.limits import Limits
from datasets.media.pictures import make_filmstrip, make_poster
from datasets.media.playback import make_playback
from datasets.media.probe import Probe, probe
from datasets.media.read import iter_frames, read_frames
from datasets.media.write import write_video

__all__ = [
    "Limits",
    "MediaError",
    "Probe",
    "iter_frames",
    "make_filmstrip",
    "make_playback",
    "make_poster",
    "probe",
    "read_frames",
    "write_video",
]
