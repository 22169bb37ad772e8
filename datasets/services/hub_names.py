"""How a repository on the Hugging Face Hub is named, apart from the code that talks to it."""

import re

_REPOSITORY = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}", re.ASCII)


def hub_name_problem(repo: str) -> str:
    """Return what is wrong with the name of a repository, as a sentence; nothing for a good one."""
    return (
        "" if _REPOSITORY.fullmatch(repo) else f"A repository on the Hub is written owner/name, not {repo!r}."
    )
