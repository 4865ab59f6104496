"""A bearer token opens the API for as long as it lives, and not a moment longer."""

from datetime import timedelta

import pytest
from django.test import RequestFactory

from qamqor.errors import NotAllowed
from qamqor.web.fhir.gate import actor_of
from tests import tokens

pytestmark = pytest.mark.django_db


def asked(headers: dict[str, str]):
    return actor_of(RequestFactory().get("/fhir/Patient", headers=headers))


def test_a_backend_service_acts_as_a_system_with_the_scopes_it_was_given() -> None:
    actor = asked(tokens.bearer("system/Patient.rs"))

    assert actor.role == "system"
    assert actor.scopes == {"system/Patient.rs"}
    assert actor.reference.startswith("Device/")


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nobody"}, {"Authorization": "x"}]
)
def test_nobody_comes_in_without_a_token_we_gave(headers: dict[str, str]) -> None:
    with pytest.raises(NotAllowed):
        asked(headers)


def test_an_expired_token_is_not_a_token() -> None:
    with pytest.raises(NotAllowed):
        asked(tokens.bearer(lives=timedelta(seconds=-1)))
