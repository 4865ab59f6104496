"""``qamqor accounts``: made, listed, given a new password, closed; applications registered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import qamqor, told


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record with its tables."""
    folder = tmp_path_factory.mktemp("node")
    assert qamqor(folder, "fhir", "reindex").returncode == 0
    return folder


def test_an_account_from_its_first_to_its_last_day(node: Path) -> None:
    made = told(node, "accounts", "create", "aigul", "--role", "practice_nurse",
                "--practitioner-role", "n1", "--name", "Ахметова Айгүл")  # fmt: skip
    assert len(made["password"]) >= 8
    assert (made["username"], made["role"], made["is_active"]) == ("aigul", "practice_nurse", True)

    twice = qamqor(node, "accounts", "create", "aigul", "--role", "practice_nurse")
    assert twice.returncode == 3
    assert "Traceback" not in twice.stderr

    new = told(node, "accounts", "new-password", "aigul")
    assert new["password"] != made["password"]

    assert told(node, "accounts", "deactivate", "aigul")["is_active"] is False
    listed = told(node, "accounts", "list", "--role", "practice_nurse")
    assert [(one["username"], one["is_active"]) for one in listed] == [("aigul", False)]
    assert "password" not in str(listed)


@pytest.mark.parametrize(
    "words",
    [
        ("create", "x", "--role", "surgeon"),
        ("new-password", "nobody"),
        ("application", "create", "App", "--scopes", "everything"),
    ],
)
def test_what_cannot_be_done_ends_in_words(node: Path, words: tuple[str, ...]) -> None:
    ended = qamqor(node, "accounts", *words)

    assert ended.returncode == 3, ended.stderr
    assert ended.stderr.startswith("qamqor: ")
    assert "Traceback" not in ended.stderr


def test_an_application_gets_its_secret_once(node: Path) -> None:
    made = told(node, "accounts", "application", "create", "Growth", "--scopes",
                "launch patient/*.rs", "--redirect", "https://growth.example/back",
                "--confidential")  # fmt: skip

    assert made["client_id"]
    assert made["secret"] if "secret" in made else made["client_secret"]
