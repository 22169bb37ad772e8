"""Every write of batches: one module a subject, functions named noun_verb."""
