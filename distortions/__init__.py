"""Distortions: clips whose answer is known because we made them worse in a known way."""
