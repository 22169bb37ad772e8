"""What the OpenAPI schema says of every endpoint beyond what its serializers do: the refusals, and their one body."""

from typing import Any

ERROR_BODY = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "For programs."},
                "message": {"type": "string", "description": "A sentence for people."},
                "fields": {
                    "type": "object",
                    "additionalProperties": {},
                    "description": "What is wrong with each field of a 422.",
                },
            },
            "required": ["code", "message", "fields"],
        }
    },
    "required": ["error"],
}

REFUSALS = {
    "400": "What was sent cannot be parsed.",
    "401": "Nobody is logged in, or the name and password are wrong.",
    "403": "Not allowed: not logged in, a missing CSRF token, or somebody else's lease.",
    "404": "There is no such thing, or not for this account.",
    "409": "Not now, or not any more: the study is paused, the token unknown, too many leases held.",
    "415": "Only JSON is understood.",
    "422": "Understood and refused; `fields` says why.",
    "429": "Too many attempts.",
}
WITH_A_BODY = {"400", "415"}
OF_SLOTS = {"409"}
OF_LOGIN = {"429"}


def add_refusals(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add to every operation the refusals that it may answer with: a postprocessing hook of drf-spectacular."""
    result["components"].setdefault("schemas", {})["ErrorBody"] = ERROR_BODY
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
    for path, operations in result["paths"].items():
        for operation in operations.values():
            left_out = set() if "requestBody" in operation else set(WITH_A_BODY)
            left_out |= set() if "/slots/" in path else OF_SLOTS
            left_out |= set() if path.endswith("/token") else OF_LOGIN
            for status, description in REFUSALS.items():
                if status not in left_out:
                    operation["responses"].setdefault(status, {"description": description, "content": body})
    return result
