"""One clip on one page, made for sharing."""
