"""What the apps above this one are asked: they may know of more than the library does."""

from django.dispatch import Signal

clip_removing = Signal()
"""Sent with `clip` before it is deleted or emptied; receivers return the names of further files that show it."""

person_appears = Signal()
"""Sent with `person` who is to be deleted; receivers return the ids of clips that show a part of their face."""

known_answers_coming = Signal()
"""Sent to ask what still makes pairs with known answers; receivers return a sentence for each."""
