"""Reads of batches that are more than a get."""
