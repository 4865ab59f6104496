"""SMART App Launch 2 by a real OAuth client over HTTP: standalone, from the workspace, backend."""

from __future__ import annotations

import base64
import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from django.test import Client
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from playwright.sync_api import Browser, Page, expect

from qamqor.services import accounts, smart
from qamqor.services.access.actor import PLATFORM
from qamqor.services.accounts import NewAccount
from qamqor.services.fhir import write
from tests.browser import LANGUAGES, SIZES, faults, new_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "four plain words here"
CALLBACK = "http://localhost:9/callback"
SCOPES = "openid fhirUser launch launch/patient offline_access patient/*.rs"


@pytest.fixture
def server(live_server: Any, settings: Any) -> str:
    """The running server, under the name it gives itself."""
    import os

    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    settings.QAMQOR = _named(settings.QAMQOR, live_server.url)
    toolkit = dict(settings.OAUTH2_PROVIDER)
    settings.OAUTH2_PROVIDER = type(settings.OAUTH2_PROVIDER)(
        {**toolkit, "OIDC_ISS_ENDPOINT": f"{live_server.url}/oauth"}
    )
    return str(live_server.url)


def _named(read: Any, url: str) -> Any:
    from dataclasses import replace

    return replace(read, base_url=url)


@pytest.fixture
def people() -> None:
    """An area, its doctor with an account, and two people, one of them of that area."""
    resources = [
        {"resourceType": "Organization", "id": "clinic", "name": "Clinic 4"},
        {
            "resourceType": "Organization",
            "id": "area",
            "type": [{"coding": [{"code": "gp_area"}]}],
            "partOf": {"reference": "Organization/clinic"},
        },
        {
            "resourceType": "PractitionerRole",
            "id": "doctor",
            "organization": {"reference": "Organization/area"},
        },
        person("amina", "Омарова", "Амина", "area"),
        person("bolat", "Омаров", "Болат", "other"),
    ]
    changes = [write.Change("PUT", r["resourceType"], r["id"], r) for r in resources]
    write.save(changes, actor=PLATFORM, at=datetime.now(UTC))
    made, _ = accounts.create(
        NewAccount("daniyar", "gp", practitioner_role="doctor", password=PASSWORD, is_demo=True)
    )


def person(id_: str, family: str, given: str, area: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "active": True,
        "name": [{"use": "official", "family": family, "given": [given]}],
        "birthDate": "1981-05-19",
        "managingOrganization": {"reference": "Organization/clinic"},
        "generalPractitioner": [{"reference": f"Organization/{area}"}],
    }


def public_client(scopes: str = SCOPES, **more: Any) -> str:
    wanted = smart.NewClient("Growth chart", tuple(scopes.split()), (CALLBACK,), **more)
    return smart.register(wanted).client_id


def session_of(client_id: str, scopes: str = SCOPES) -> OAuth2Session:
    return OAuth2Session(
        client_id,
        scope=scopes,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
    )


def asked(session: OAuth2Session, server: str, **more: str) -> tuple[str, str]:
    verifier = "v" * 64
    url, _ = session.create_authorization_url(
        f"{server}/oauth/authorize", code_verifier=verifier, aud=f"{server}/fhir", **more
    )
    return url, verifier


def come_in(page: Page, server: str) -> None:
    """Sign in with the password; the second step is set up beside the page."""
    page.get_by_label("Work email or user name").fill("daniyar")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def allowed(page: Page) -> str:
    """Press the button that lets the application in; returns the address it is sent back to."""
    with page.expect_request(lambda request: request.url.startswith(CALLBACK)) as sent:
        page.get_by_role("button", name="Let it in").click()
    return sent.value.url


@pytest.fixture
def demo(settings: Any) -> None:
    """Accounts of the demo need no second step; what is tested here is the launch."""
    from dataclasses import replace

    settings.QAMQOR = replace(settings.QAMQOR, is_demo=True)


def test_a_standalone_application_is_let_in_for_one_person(
    server: str, people: None, demo: None, browser: Browser
) -> None:
    session = session_of(public_client())
    url, verifier = asked(session, server)
    with new_context(browser) as context:
        page = context.new_page()
        page.goto(url)
        come_in(page, server)
        page.get_by_label("IIN, or surname and given name").fill("Омарова")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("button", name="Омарова Амина").click()
        expect(page.get_by_role("button", name="Let it in")).to_be_visible()
        expect(page.locator("main")).to_contain_text("Омарова Амина")
        back = allowed(page)
    token = session.fetch_token(
        f"{server}/oauth/token", authorization_response=back, code_verifier=verifier
    )

    assert token["patient"] == "amina"
    assert token["scope"].split() == SCOPES.split()
    claims = _claims(token["id_token"], server, session.client_id)
    assert claims["fhirUser"] == f"{server}/fhir/PractitionerRole/doctor"
    answer = session.get(f"{server}/fhir/Patient/amina")
    assert answer.json()["name"][0]["family"] == "Омарова"
    assert session.get(f"{server}/fhir/Patient/bolat").status_code in {403, 404}
    refreshed = session.refresh_token(f"{server}/oauth/token", refresh_token=token["refresh_token"])
    assert refreshed["patient"] == "amina"
    assert session.get(f"{server}/fhir/Patient/amina").status_code == 200


def _claims(id_token: str, server: str, client_id: str) -> Any:
    import requests

    keys = requests.get(f"{server}/oauth/.well-known/jwks.json", timeout=5).json()
    claims = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=["RS256"]).claims
    assert claims["aud"] == client_id
    assert claims["iss"] == f"{server}/oauth"
    return claims


def test_an_application_started_from_the_workspace_knows_person_and_visit(
    server: str, people: None, demo: None, browser: Browser
) -> None:
    session = session_of(public_client(launch_url="http://localhost:9/launch"))
    doctor = accounts.one("daniyar")
    launch = smart.open_launch(doctor.pk, smart.Context("amina", "visit-1"), at=datetime.now(UTC))
    url, verifier = asked(session, server, launch=launch)
    with new_context(browser) as context:
        page = context.new_page()
        page.goto(url)
        come_in(page, server)
        back = allowed(page)
        page = context.new_page()
        page.goto(f"{server}/oauth/authorize?{urlsplit(url).query.replace('state=', 'state=x')}")
        assert "Start the application once more" in page.inner_text("h1")
    token = session.fetch_token(
        f"{server}/oauth/token", authorization_response=back, code_verifier=verifier
    )

    assert (token["patient"], token["encounter"]) == ("amina", "visit-1")


def test_a_launch_is_for_the_account_it_was_made_for(server: str, people: None) -> None:
    other, _ = accounts.create(NewAccount("other", "gp", password=PASSWORD))
    now = datetime.now(UTC)
    launch = smart.open_launch(other.pk, smart.Context("amina"), at=now)

    assert smart.take_launch(launch, accounts.one("daniyar").pk, at=now) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"code_challenge_method": "plain"}, "unsafe"),
        ({"aud": "https://elsewhere.example/fhir"}, "another server"),
        ({"redirect_uri": CALLBACK + "/more"}, "did not understand"),
        ({"client_id": "nobody"}, "did not understand"),
    ],
)
def test_what_is_not_as_registered_never_reaches_the_client(
    server: str, people: None, demo: None, change: dict[str, str], says: str
) -> None:
    url, _ = asked(session_of(public_client()), server)
    said = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    client = Client(headers={"accept-language": "en"})
    client.post("/accounts/demo/", {"username": "daniyar"})
    session = client.session
    answer = client.get("/oauth/authorize", {**said, "scope": "openid", **change})

    assert session["_auth_user_id"]
    assert answer.status_code == 400
    assert says in answer.content.decode()


def test_more_than_was_registered_is_refused(server: str, people: None, demo: None) -> None:
    url, _ = asked(session_of(public_client("openid patient/Observation.rs"), "openid"), server)
    said = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    client = Client()
    client.post("/accounts/demo/", {"username": "daniyar"})
    for scope, fits in (
        ("patient/Observation.r", True),
        ("patient/Observation.cruds", False),
        ("patient/*.rs", False),
        ("user/Observation.rs", False),
        ("patient/Observation.read", True),
    ):
        answer = client.get("/oauth/authorize", {**said, "scope": scope})
        assert (answer.status_code == 200) is fits, scope
        assert fits or "error=invalid_scope" in answer["Location"]


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_a_backend_service_proves_itself_by_its_key(
    server: str, people: None, algorithm: str
) -> None:
    key = RSAKey.generate_key(2048) if algorithm == "RS384" else ECKey.generate_key("P-384")
    jwks = json.dumps({"keys": [{**key.as_dict(private=False), "kid": "one"}]})
    wanted = smart.NewClient("Registry", ("system/Patient.rs",), jwks=jwks)
    client_id = smart.register(wanted).client_id
    session = OAuth2Session(
        client_id, key, token_endpoint_auth_method="private_key_jwt", scope="system/Patient.rs"
    )
    method = PrivateKeyJWT(
        f"{server}/oauth/token",
        alg=algorithm,
        headers={"kid": "one"},
        claims={"exp": int(time.time()) + 120},
    )
    session.register_client_auth_method(method)
    token = session.fetch_token(f"{server}/oauth/token", grant_type="client_credentials")

    assert token["scope"] == "system/Patient.rs"
    assert "refresh_token" not in token
    assert session.get(f"{server}/fhir/Patient/bolat").status_code == 200
    assert session.get(f"{server}/fhir/Organization/area").status_code in {403, 404}


def assertion(key: Any, client_id: str, audience: str, **change: Any) -> str:
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "exp": int(time.time()) + 60,
        "jti": str(uuid.uuid4()),
        **change,
    }
    header = {"alg": "ES384", "kid": "one", "typ": "JWT"}
    return str(jwt.encode(header, claims, key, algorithms=["ES384"]))


def test_a_signed_assertion_works_once_and_only_as_it_should(server: str, people: None) -> None:
    key = ECKey.generate_key("P-384")
    stranger = ECKey.generate_key("P-384")
    jwks = json.dumps({"keys": [{**key.as_dict(private=False), "kid": "one"}]})
    client_id = smart.register(
        smart.NewClient("Registry", ("system/Patient.rs",), jwks=jwks)
    ).client_id
    address = f"{server}/oauth/token"
    good = assertion(key, client_id, address)

    def status(said: str, scope: str = "system/Patient.rs") -> int:
        body = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": said,
        }
        return (
            Client()
            .post("/oauth/token", body, headers={"host": urlsplit(server).netloc})
            .status_code
        )

    assert status(good) == 200
    assert status(good) == 401
    assert status(assertion(stranger, client_id, address)) == 401
    assert status(assertion(key, client_id, "https://elsewhere.example/token")) == 401
    assert status(assertion(key, client_id, address, exp=int(time.time()) - 5)) == 401
    assert status(assertion(key, client_id, address, exp=int(time.time()) + 3600)) == 401
    assert status(assertion(key, "nobody", address)) == 401
    for claims in (
        {"aud": 5},
        {"aud": [{"at": address}, None]},
        {"aud": {"is": address}},
        {"jti": "n" * 300},
        {"jti": "a\x00"},
        {"jti": 7},
        {"exp": "soon"},
        {"iss": "\x00", "sub": "\x00"},
        {"iss": ["nobody"]},
    ):
        assert status(assertion(key, client_id, address, **claims)) == 401, claims
    assert status(assertion(key, client_id, address, aud=["elsewhere", address])) == 200
    deep = base64.urlsafe_b64encode(b'{"iss":' + b"[" * 90_000).decode().rstrip("=")
    assert status(f"{good.split('.')[0]}.{deep}.{good.split('.')[2]}") == 401
    assert status("no.token.atall") == 401
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    assert status(f"{unsigned}.{good.split('.')[1]}.") == 401
    assert status(assertion(key, client_id, address), "system/*.cruds") == 400
    nobody = base64.b64encode(b"no\x00body:secret").decode()
    headers = {"host": urlsplit(server).netloc, "authorization": f"Basic {nobody}"}
    answer = Client().post("/oauth/token", {"grant_type": "client_credentials"}, headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_a_launch_are_whole_and_reachable(
    server: str, people: None, demo: None, browser: Browser, language: str, size: str
) -> None:
    session = session_of(public_client())
    url, _ = asked(session, server)
    with new_context(browser, language, size) as context:
        page = context.new_page()
        page.goto(url)
        assert faults(page) == []
        with page.expect_navigation():
            page.locator("[name=username][value=daniyar]").click()
        page.goto(url)
        page.locator("#pick").fill("Омарова")
        with page.expect_navigation():
            page.locator("main form button").first.click()
        assert faults(page) == []
        page.locator("[name=pick]").first.click()
        page.locator("[name=allow]").wait_for()
        assert faults(page) == []


def test_what_a_client_reads_first_names_only_what_is_there(server: str) -> None:
    said = Client().get("/.well-known/smart-configuration").json()
    below = Client().get("/fhir/.well-known/smart-configuration").json()

    assert said == below
    assert said["code_challenge_methods_supported"] == ["S256"]
    for name in ("authorization_endpoint", "token_endpoint", "introspection_endpoint", "jwks_uri"):
        address = urlsplit(said[name]).path
        assert Client().get(address).status_code != 404, name


def test_an_application_may_ask_by_a_form_of_its_own(db: None) -> None:
    asked = {"response_type": "code", "client_id": "x", "state": "s", "scope": "openid launch"}
    browser = Client(enforce_csrf_checks=True)

    answer = browser.post("/oauth/authorize", asked)
    forged = browser.post("/oauth/authorize", {**asked, "allow": "yes", "csrfmiddlewaretoken": "x"})

    assert answer.status_code == 303
    assert dict(parse_qsl(urlsplit(answer.headers["Location"]).query)) == asked
    assert forged.status_code == 403
