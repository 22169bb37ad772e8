"""A cast of 12 whom people and embedders tell apart easily.

Farthest points among 90 drawn people, by the distances of two embedders on pictures of all poses and lights
(`python -m benchmarks.cast choose`). A random cast holds near twins; for tests of look-alikes draw one.
"""

from datasets.cast.identity import Identity, draw_identity

CHOSEN: tuple[int, ...] = (4018, 4015, 4086, 4081, 4044, 4038, 4055, 4040, 4072, 4060, 4074, 4036)


def chosen_cast(people: int) -> list[Identity]:
    """Return the first `people` of the cast, which are also the ones farthest apart.

    Raises:
        ValueError: more than there are.
    """
    if not 1 <= people <= len(CHOSEN):
        raise ValueError(f"the chosen cast has 1 to {len(CHOSEN)} people, got {people}")
    return [draw_identity(seed) for seed in CHOSEN[:people]]
