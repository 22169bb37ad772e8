"""Plans: groups whole, prompts in turn, the same for any number of processes."""

from collections import Counter

from tests.training.grpo.worlds import small
from training.grpo.plan import plan_update, rows_of_rank


def test_groups_are_whole_and_their_ids_never_come_again():
    config = small()
    seen: set[int] = set()
    for update in range(6):
        counts = Counter(row.group for row in plan_update(config, update, 4).rows)
        assert set(counts.values()) == {24}
        assert not seen & set(counts)
        seen |= set(counts)
    assert seen == set(range(24))


def test_every_prompt_comes_once_before_one_comes_again():
    config = small(groups={"groups": 3})
    order = [
        row.prompt for update in range(20) for row in plan_update(config, update, 5).rows if row.member == 0
    ]
    for turn in range(0, 60, 5):
        assert sorted(order[turn : turn + 5]) == [0, 1, 2, 3, 4]
    assert order[:5] != order[5:10] or order[5:10] != order[10:15]


def test_a_plan_is_drawn_from_the_seed_alone():
    assert plan_update(small(), 7, 4) == plan_update(small(), 7, 4)
    assert plan_update(small(seed=1), 7, 4) != plan_update(small(), 7, 4)
    seeds = [row.step_seed for update in range(4) for row in plan_update(small(), update, 4).rows]
    assert len(set(seeds)) == len(seeds)


def test_processes_share_groups_without_splitting_one():
    plan = plan_update(small(groups={"groups": 5}), 2, 4)
    dealt = [rows_of_rank(plan, rank, 3) for rank in range(3)]
    assert sorted(row.group for rows in dealt for row in rows) == sorted(row.group for row in plan.rows)
    for rows in dealt:
        assert set(Counter(row.group for row in rows).values()) == {24}


def test_the_window_leaves_the_last_step_out_and_moves():
    assert plan_update(small(), 0, 4).window == tuple(range(7))
    config = small(window={"size": 3, "first": 0, "last": 4})
    windows = {plan_update(config, update, 4).window for update in range(60)}
    assert windows == {(k, k + 1, k + 2) for k in range(5)}
