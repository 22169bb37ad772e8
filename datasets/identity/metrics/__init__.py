"""What is measured of each person in a clip; one small file a subject, `measure` for all of it."""
