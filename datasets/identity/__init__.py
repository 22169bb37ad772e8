"""Faces through time: who is on screen, when, and how far each face is from its reference.

Pure: numpy, OpenCV and a face model, on top of `datasets.media`. Nothing is imported here, so that stored tracks can
be read (`datasets.identity.store`) where no OpenCV is installed.

The way through the package: `backends.load` → `analyse.analyse_clip` → `matching.match_tracks` → `metrics.measure`.
"""
