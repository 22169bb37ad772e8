from tests.deploy.environment import READ_BY_COMPOSE, READ_BY_HUB, names_in_example, names_read_by_settings


def test_the_example_lists_every_setting_and_nothing_else() -> None:
    assert names_in_example() == names_read_by_settings() | READ_BY_COMPOSE | READ_BY_HUB
