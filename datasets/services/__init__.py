"""Every write to the library: one module a subject, functions named noun_verb."""
