from dataclasses import asdict

from distortions.catalogue import CATALOGUE, SCHEDULE_LINES, SCHEDULES, nearest
from distortions.synthesis.recipes import RECIPES


def test_the_site_says_of_recipes_what_they_say_of_themselves():
    theirs = {
        recipe.name: {
            "name": recipe.name,
            "kind": recipe.kind,
            "about": recipe.about,
            "people": recipe.people,
            "severities": recipe.severities,
            "schedules": recipe.schedules,
            "cast_only": name == "rerender",
        }
        for name, recipe in RECIPES.items()
    }
    assert {name: asdict(facts) for name, facts in CATALOGUE.items()} == theirs
    assert list(CATALOGUE) == list(theirs)


def test_every_schedule_has_its_line():
    assert tuple(SCHEDULE_LINES) == SCHEDULES


def test_a_wrong_name_gets_the_nearest_one():
    assert nearest("geometry_drfit", CATALOGUE) == " Did you mean “geometry_drift”?"
    assert nearest("xyz", CATALOGUE) == ""
