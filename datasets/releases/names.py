"""The names of the formats, apart from the code that writes them."""

LIKENESS = "likeness"
# In the order in which they are offered; all but the first are written by `formats`.
FORMAT_NAMES = (LIKENESS, "videoalign", "identity-grpo", "jsonl")
