"""What a site says about face backends without loading one: this module imports nothing."""

DLIB_DETECTOR = "dlib_hog"

DLIB_IN_USE = (
    "The face models of OpenCV are not here, so dlib is used: about four times slower, and it misses faces that are "
    "turned away or smaller than about 50 pixels. `manage.py fetch_models` gets the better ones."
)
