"""Reads of the library that are more than a get."""
