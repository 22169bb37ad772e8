"""A small flow-matching video model of two people of the procedural cast, and the small world it learns from."""
