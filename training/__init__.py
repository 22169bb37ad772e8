"""Reward models and policies: trained from releases, on folders of files."""
