"""Takes the pictures of the docs from a running demo: every page, three languages, desk and phone.

Run ``make demo`` in one window and ``python tools/take_pictures.py`` in another. What is wrong with
a page (cut text, too wide, axe's findings) is said at the end and makes the command fail.
"""

from __future__ import annotations

import base64
import os
import re
import sys
from pathlib import Path
from typing import Any

import yaml
from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("QAMQOR_DEMO", "1")

from qamqor import settings  # noqa: E402
from tests.browser import LANGUAGES, chromium, faults, new_context  # noqa: E402

PICTURES = ROOT / "docs/pictures/pages"
GALLERY = ROOT / "docs/explanation/screens.md"
TOP = """# Every page, in three languages

Taken from the demo at 1366×768 and 390×844 by
`tools/take_pictures.py`; everybody shown is invented.
"""
# Chromium itself turns its picture into a small WebP, so that no library is needed for it.
SMALLER = """async (png) => {
  const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d').drawImage(image, 0, 0);
  const blob = await canvas.convertToBlob({type: 'image/webp', quality: 0.72});
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return btoa([...bytes].map(c => String.fromCharCode(c)).join(''));
}"""


def main(url: str = "http://localhost:8000", *only: str) -> int:
    """Take them all, or only those named; how many pages had something wrong with them."""
    wanted = yaml.safe_load((ROOT / "tools/pictures.yaml").read_text())
    pages = [one for one in wanted if not only or one["name"] in only]
    PICTURES.mkdir(parents=True, exist_ok=True)
    wrong = 0
    with chromium() as browser:
        shrinker = browser.new_page()
        for role in dict.fromkeys(one["role"] for one in pages):
            wrong += _of_role(browser, shrinker, url, [one for one in pages if one["role"] == role])
    GALLERY.write_text(TOP + "".join(_shown(one) for one in wanted))
    return wrong


def _of_role(browser: Browser, shrinker: Page, url: str, pages: list[dict[str, Any]]) -> int:
    wrong = 0
    for size in ("desk", "phone"):
        with new_context(browser, "en", size) as context:
            context.add_cookies([{"name": "qamqor_density", "value": "compact", "url": url}])
            _sign_in(context, url, pages[0]["role"])
            people = {one["name"]: _person(context, url, one) for one in pages}
            for language in LANGUAGES:
                cookie = {"name": "qamqor_language", "value": language, "url": url}
                context.add_cookies([cookie])  # type: ignore[list-item]
                for one in pages:
                    page = context.new_page()
                    person = people[one["name"]]
                    wrong += _one(page, shrinker, url, one, person, f"{language}-{size}")
                    page.close()
    return wrong


def _sign_in(context: BrowserContext, url: str, role: str) -> None:
    if role:
        page = context.new_page()
        page.goto(f"{url}/accounts/login/")
        page.locator(f'button[value="demo-{role.replace("_", "-")}"]').click()
        # Chromium never answers for a page that is closed while another is on its way to it.
        page.wait_for_url(lambda one: "/accounts/login" not in one)
        page.close()


def _person(context: BrowserContext, url: str, one: dict[str, Any]) -> str:
    """The first person on a list whose page has what is wanted of it, as pages name them."""
    if "{person}" not in one["path"]:
        return ""
    page = context.new_page()
    page.goto(f"{url}/today?{one.get('list', '')}")
    links = page.locator("[data-row] a, a[data-row]").all()
    hrefs = [str(link.get_attribute("href")) for link in links]
    people = list(dict.fromkeys(re.sub(r"^/(today|person)/|[/?].*", "", href) for href in hrefs))
    found = (who for who in people if _has(page, url + one["path"].format(person=who), one))
    chosen = next(found, people[0])
    page.close()
    return chosen


def _has(page: Page, address: str, one: dict[str, Any]) -> bool:
    if "has" not in one:
        return True
    page.goto(address)
    return page.locator(one["has"]).count() > 0


def _one(page: Page, shrinker: Page, url: str, one: dict[str, Any], person: str, kind: str) -> int:
    address = url + one["path"].format(person=person)
    if "code" in one:
        said = error_page(one, kind)
        page.route(address, lambda route: route.fulfill(**said))
    answer = page.goto(address)
    if "follow" in one:
        page.goto(url + str(page.locator(one["follow"]).first.get_attribute("href")))
    for _ in range(one.get("times", 0)):
        page.goto(address)
        for field, text in one["fill"].items():
            page.locator(field).fill(text)
        page.locator(f"form:has({next(iter(one['fill']))}) button[type=submit]").first.click()
    for key in one.get("then", ()):
        page.keyboard.press(key)
    page.wait_for_load_state("networkidle")
    found = faults(page)
    if answer is None or answer.status != one.get("status", 200):
        found.insert(0, f"answered {answer and answer.status}")
    for fault in found:
        sys.stdout.write(f"{one['name']} {kind}: {fault}\n")
    png = page.screenshot(full_page=kind.endswith("phone"))
    webp = base64.b64decode(shrinker.evaluate(SMALLER, base64.b64encode(png).decode()))
    (PICTURES / f"{one['name']}-{kind}.webp").write_bytes(webp)
    return bool(found)


def error_page(one: dict[str, Any], kind: str) -> dict[str, Any]:
    """The page of an error as this checkout makes it, with no server and no address that fails.

    Args:
        one: an entry of ``pictures.yaml`` with its ``code``. kind: language and size, ``kk-desk``.
    """
    settings.load_django()
    from django.test import RequestFactory
    from django.utils import translation

    from qamqor.store.accounts import Account
    from qamqor.web import errors

    request = RequestFactory().get(one["path"])
    request.resolver_match = None
    request.COOKIES["qamqor_density"] = "compact"
    request.user = Account(
        username="demo", role=one["role"], last_name="Садыкова", first_name="Айнұр Жандосовна"
    )
    with translation.override(kind.split("-")[0]):
        answer = errors.page(request, one["code"], reference="QM-4F09A2")
    return {
        "status": answer.status_code,
        "body": answer.content.decode(),
        "content_type": "text/html; charset=utf-8",
    }


def _shown(one: dict[str, Any]) -> str:
    lines = [f"\n## {one['name'].replace('-', ' ').capitalize()}\n"]
    for size in ("desk", "phone"):
        for language in LANGUAGES:
            file = f"{one['name']}-{language}-{size}.webp"
            lines.append(f"![{one['name']}, {language}, {size}](../pictures/pages/{file})")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) > 0)
