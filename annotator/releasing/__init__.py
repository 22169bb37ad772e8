"""A study as the rows of a release: what is read (evidence), what it says (outcome), how it is written (rows)."""
