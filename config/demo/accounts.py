"""The demo's two accounts. Their passwords are drawn at random and kept in the demo's folder."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from config.accounts.models import User

ROLES = {"lead": True, "annotator": False}


@dataclass(frozen=True)
class Login:
    username: str
    password: str


def make_logins(folder: Path) -> list[Login]:
    """Make the accounts unless they exist, and return how to log in to each."""
    passwords = _kept_passwords(folder / "logins.json")
    for username, is_lead in ROLES.items():
        user, _ = User.objects.get_or_create(username=username, defaults={"is_lead": is_lead})
        if not user.check_password(passwords[username]):
            user.set_password(passwords[username])
            user.save(update_fields=["password"])
    return [Login(username, passwords[username]) for username in ROLES]


def _kept_passwords(path: Path) -> dict[str, str]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps({username: secrets.token_urlsafe(9) for username in ROLES}))
    passwords: dict[str, str] = json.loads(path.read_text())
    return passwords
