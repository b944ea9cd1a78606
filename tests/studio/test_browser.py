"""The page in a real browser: every view, in both languages and themes, on a phone and on a desk.

It needs Chromium (``$CHROMIUM``, else the system's) and the package ``playwright``, and is skipped without.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from conftest import environment
from test_studio import make_run

playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
SECONDS = 60_000
VIEWS = {
    "": ".run",
    "view=run&name=ring": ".panel",
    "view=start&recipe=toy.gan": "fieldset",
    "view=compare&run=ring&run=moons": ".panel svg",
    "view=laboratory&lesson=game&data=moons": ".facts dd",
}
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: install one, or set $CHROMIUM")


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("studio") / "runs"
    for name in ("ring", "moons", "<img src=x onerror=alert(1)>"):
        make_run(found / name, steps=9)
    (found / "damaged").mkdir()
    (found / "damaged" / "run.json").write_text("{")
    return found


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    """The address of a server that a browser has not opened yet."""
    command = [sys.executable, "-m", "ptarmigan", "studio", str(root), "--port", "0"]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    yield process.stdout.readline().decode().removeprefix("studio: ").strip()
    process.terminate()
    process.wait(60)
    process.stdout.close()


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[tuple]:
    """A browser with the cookie of the server, and the server's address without a ticket."""
    playwright.expect.set_options(timeout=SECONDS)
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = found.new_context()
        page = context.new_page()
        page.goto(address, timeout=SECONDS)
        base = page.url.partition("#")[0].partition("?")[0]
        assert "token" not in page.url
        yield found, context.storage_state(), base
        found.close()


@pytest.fixture
def tab(browser):
    """Makes tabs, and sees that they ask no other origin and log no error."""
    chromium, cookies, base = browser
    contexts, strange = [], []

    def make(**how):
        how = {"viewport": {"width": 1280, "height": 900}} | how
        contexts.append(chromium.new_context(storage_state=cookies, **how))
        page = contexts[-1].new_page()
        page.set_default_timeout(SECONDS)
        page.on("console", lambda said: strange.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: strange.append(str(error)))
        page.on("dialog", lambda _: strange.append("a script of a name was run"))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((base, "data:")) else strange.append(asked.url),
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert strange == []


@pytest.mark.parametrize(("width", "theme"), [(320, "dark"), (1280, "light"), (320, "light"), (1280, "dark")])
def test_every_view_is_whole_in_both_languages(tab, browser, width, theme):
    page = tab(viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce")
    for (view, shown), lang in product(VIEWS.items(), ("en", "zh")):
        page.goto("about:blank")
        page.goto(f"{browser[2]}?lang={lang}#{view}")
        page.wait_for_selector(shown)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.get_attribute("html", "lang") == ("zh-CN" if lang == "zh" else "en")
        assert "undefined" not in page.inner_text("body")
        unnamed = "input:not([aria-label]), select, button, a"
        named = "e.labels?.length || e.textContent.trim()"
        nameless = f"[...document.querySelectorAll('{unnamed}')].filter(e => !({named}))"
        assert page.evaluate(f"{nameless}.map(e => e.outerHTML)") == []


def test_a_run_is_followed_and_its_settings_stand_in_the_address(tab, browser, root):
    page = tab()
    page.goto(f"{browser[2]}?lang=en#view=run&name=ring")
    page.wait_for_selector(".panel")
    playwright.expect(page.locator(".samples img")).to_have_js_property("naturalWidth", 8)
    with open(root / "ring" / "log.jsonl", "a") as file:
        file.write(json.dumps({"step": 10, "samples": 80, "generator": 42.0}) + "\n")
        file.write(json.dumps({"step": 10, "event": "went back to step 9"}) + "\n")
    page.locator(".value", has_text="42").wait_for()
    assert page.locator("svg .back").count() > 0
    page.get_by_label("Along").select_option("time")
    page.get_by_label("Scale").select_option("log")
    page.get_by_label("Smoothing").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Step of the samples").focus()
    page.keyboard.press("ArrowLeft")
    playwright.expect(page.locator(".samples figcaption")).to_contain_text("step 0")
    for part in ("x=time", "scale=log", "smooth=0.02", "step=0"):
        assert part in page.url
    page.reload()
    page.wait_for_selector(".panel .raw")
    assert page.get_by_label("Along").input_value() == "time"


def test_runs_are_found_chosen_and_compared(tab, browser):
    page = tab()
    page.goto(f"{browser[2]}?lang=en")
    page.wait_for_selector(".run")
    playwright.expect(page.locator(".run")).to_have_count(4)
    page.get_by_label("Find").fill("moons")
    playwright.expect(page.locator(".run")).to_have_count(1)
    page.get_by_label("Choose moons").check()
    page.get_by_label("Find").fill("")
    page.get_by_label("Choose ring").check()
    page.get_by_text("Compare 2 chosen").click()
    page.wait_for_selector(".panel svg .tone-1")
    page.get_by_role("link", name="Runs").click()
    page.wait_for_selector(".run")


def test_the_laboratory_is_played_stepped_scrubbed_drawn_in_and_kept_in_the_address(tab, browser):
    page = tab()
    page.goto(f"{browser[2]}?lang=en#view=laboratory")
    step, expect = page.locator(".facts dd").first, playwright.expect
    expect(step).to_have_text("0 / 10,000")
    page.get_by_role("button", name="One player").click()
    expect(page.locator(".story")).to_contain_text("The discriminator looked at")
    page.get_by_role("button", name="One player").click()
    expect(page.locator(".story")).to_contain_text("The generator made new points")
    expect(step).to_have_text("1 / 10,000")
    colours = (
        "new Set(document.querySelector('canvas').getContext('2d').getImageData(0, 0, 560, 560).data).size"
    )
    assert page.evaluate(colours) > 50
    page.get_by_role("button", name="▶ Play").click()
    page.wait_for_selector(".curves svg")
    page.get_by_role("button", name="‖ Pause").click()
    page.get_by_label("Step", exact=True).focus()
    page.keyboard.press("Home")
    expect(step).to_have_text("0 / 10,000")
    page.locator(".settings").get_by_label("loss").select_option("hinge")
    expect(page.locator(".command pre")).to_contain_text("--loss=hinge")
    page.get_by_label("draw points").check()
    page.locator("canvas").first.focus()
    for key in (" ", "ArrowUp", " ", "ArrowLeft", " ", "ArrowUp", " "):
        page.keyboard.press(key)
    expect(page.locator(".command pre")).to_contain_text("--data=points.csv")
    assert "loss=hinge" in page.url
    assert "drawn=" in page.url
    page.reload()
    expect(page.locator(".command pre")).to_contain_text("--loss=hinge --data=points.csv")
    page.get_by_label("Lesson").select_option("oscillation")
    page.get_by_text("Oscillation and averaging").last.wait_for()
    expect(page.locator(".settings").get_by_label("rule")).to_have_value("simultaneous")
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_trainer_that_is_killed_is_seen_while_the_page_is_open(tab, browser, root):
    make_run(root / "killed", steps=9)
    log = root / "killed" / "log.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:5]))
    hold = "import sys, time; from pathlib import Path; from ptarmigan.media.lock import alone\n"
    hold += "with alone(Path(sys.argv[1])): print('in', flush=True); time.sleep(300)"
    command = [sys.executable, "-c", hold, str(root / "killed")]
    trainer = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE)
    try:
        trainer.stdout.readline()
        page = tab()
        page.goto(f"{browser[2]}?lang=en#view=run&name=killed")
        page.wait_for_selector(".badge.running")
    finally:
        trainer.kill()
        trainer.communicate()
    page.wait_for_selector(".badge.interrupted")
    assert page.get_by_role("button", name="Go on").is_visible()


def test_eight_tabs_are_followed_at_once(browser, tab):
    """A browser has six connections to a server of HTTP/1.1: tabs that are not looked at give theirs back."""
    first = tab()
    pages = [first, *(first.context.new_page() for _ in range(7))]
    for page in pages:
        page.goto(f"{browser[2]}?lang=en#view=run&name=moons", timeout=SECONDS)
        page.wait_for_selector(".panel", timeout=SECONDS)
        page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    first.evaluate("Object.defineProperty(document, 'hidden', {value: false})")
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert first.locator(".panel").count() == 2
