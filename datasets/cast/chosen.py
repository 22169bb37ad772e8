"""A cast of 12 whom people and embedders tell apart easily.

Of 90 drawn people those whose pictures, of all poses and lights, two embedders confuse least
(`python -m benchmarks.cast choose`). A random cast holds near twins; for tests of look-alikes draw one.
"""

from datasets.cast.identity import Identity, draw_identity

CHOSEN: tuple[int, ...] = (4017, 4060, 4055, 4046, 4059, 4034, 4040, 4003, 4008, 4035, 4021, 4074)


def chosen_cast(people: int) -> list[Identity]:
    """Return the first `people` of the cast.

    Raises:
        ValueError: more than there are.
    """
    if not 1 <= people <= len(CHOSEN):
        raise ValueError(f"the chosen cast has 1 to {len(CHOSEN)} people, got {people}")
    return [draw_identity(seed) for seed in CHOSEN[:people]]
