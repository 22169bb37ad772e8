"""Which JPEG files hold a picture and nothing else, so that they may be kept byte for byte."""

# Marker segments that say how to decode a baseline or progressive picture, and JFIF's own header (APP0).
_ALLOWED = frozenset({0xC0, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0})
_JFIF_BYTES = 16


def is_plain_jpeg(data: bytes) -> bool:
    """Whether a JPEG has no EXIF, XMP, colour profile, thumbnail or comment, and nothing behind its end.

    It only reads the structure: whether the picture decodes is for the decoder to say. Source: ITU-T T.81, annex B.
    """
    if not data.startswith(b"\xff\xd8") or not data.endswith(b"\xff\xd9"):
        return False
    place, scans = 2, 0
    while place < len(data) - 2:
        if data[place] != 0xFF:
            return False
        marker = data[place + 1]
        length = int.from_bytes(data[place + 2 : place + 4])
        if marker not in _ALLOWED or length < 2 or (marker == 0xE0 and length != _JFIF_BYTES):
            return False
        place += 2 + length
        if marker == 0xDA:
            place, scans = _end_of_scan(data, place), scans + 1
    return scans > 0 and place == len(data) - 2


def _end_of_scan(data: bytes, place: int) -> int:
    """The next marker behind compressed data, in which 0xFF is followed by 0 or a restart marker."""
    while (place := data.find(b"\xff", place)) != -1:
        if data[place + 1 : place + 2] == b"\x00" or 0xD0 <= data[place + 1] <= 0xD7:
            place += 2
        else:
            return place
    return len(data)
