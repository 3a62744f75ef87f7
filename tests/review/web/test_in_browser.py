"""The pages in Debian's Chromium: keys, mouse, touch, lost networks, two tabs, hostile reports."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("playwright.sync_api")

from lingula.labels import Label
from lingula.review.records import ReportView
from lingula.review.store import Store
from lingula.schemas import load_schema
from tests.review.web.making import TEXTS, Site, make_store, start

SAVED = "#saved[data-state='saved']"


#: One reader a test, so that all can use one server; a and b differ on the last report.
READERS = ("keys", "words", "mouse", "touch", "network", "tabs", "session", "other", "hostile")
HOSTILE = (
    "<script>document.title = 'run'</script> <img src=x onerror=\"document.title='run'\"> Edema. ",
    "No effusion. " * 16_000,
    "\N{RIGHT-TO-LEFT OVERRIDE}edema \N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET} "
    "e\N{COMBINING ACUTE ACCENT}\N{COMBINING GRAVE ACCENT} \N{GRINNING FACE} pneumothorax\0 end. ",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("review")
    only = dict.fromkeys(READERS, (1, 2, 3, 4))
    only |= {"hostile": (5, 6, 7), "reader-a": (8,), "reader-b": (8,)}
    make_store(
        folder / "review.sqlite",
        (*TEXTS, *HOSTILE, TEXTS[0]),
        people=[
            *((name, "reader") for name in (*READERS, "reader-a", "reader-b")),
            ("cora", "adjudicator"),
        ],
        only=only,
    ).close()
    running = start(folder / "review.sqlite", folder)
    yield running
    assert running.end() == 0, running.said()


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.on("weberror", lambda error: errors.append(str(error.error)))
    errors: list[str] = []
    yield context
    context.close()
    assert errors == []


def enter(context: Any, link: str) -> Any:
    page = context.new_page()
    page.goto(link)
    page.click("#enter")
    page.wait_for_selector("nav")
    return page


def at_report(page: Any, number: int) -> None:
    page.wait_for_selector(f"main[data-report='{number}']")


def held(site: Site, name: str, report: int) -> ReportView:
    """What the database holds, read by another process than the server."""
    with Store(site.log.parent / "review.sqlite") as store:
        person = next(one for one in store.people() if one.name == name)
        view = store.report(person, report)
        assert view is not None
        return view


def test_keys_answer_and_enter_takes_the_rest_as_proposed(site: Site, context: Any) -> None:
    page = enter(context, site.links["keys"])
    at_report(page, 1)
    assert "#" not in page.url and page.url.endswith("/read/1")
    for key in "4", "2", "3", " ", "1":
        page.keyboard.press(key)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("2")
    page.wait_for_selector(SAVED)
    names = list(held(site, "keys", 1).answers)
    assert len(names) == 5
    assert held(site, "keys", 1).answers == {
        "No Finding": 0, "Enlarged Cardiomediastinum": 2, "Cardiomegaly": 3, "Lung Lesion": 2,
        "Lung Opacity": 1,
    }  # fmt: skip
    assert not held(site, "keys", 1).submitted
    # Hit twice: the next report is not submitted unseen.
    page.evaluate(
        """() => { for (const _ of [1, 2]) document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true})) }"""
    )
    at_report(page, 2)
    page.wait_for_selector(SAVED)
    assert not held(site, "keys", 2).submitted
    done = held(site, "keys", 1)
    assert done.submitted and len(done.answers) == 14
    assert done.proposals is not None
    assert done.answers["Pleural Effusion"] == done.proposals["Pleural Effusion"] == Label.POSITIVE
    # "u" takes back the submission too, and what it took as proposed.
    page.keyboard.press("u")
    at_report(page, 1)
    page.wait_for_selector(SAVED)
    assert not held(site, "keys", 1).submitted and len(held(site, "keys", 1).answers) == 5


def test_words_comment_and_flag_by_keyboard(site: Site, context: Any) -> None:
    page = enter(context, site.links["words"])
    at_report(page, 1)
    for key in "m", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "Enter":
        page.keyboard.press(key)
    page.wait_for_selector(".row.here .reasons li")
    assert "left pleural" in page.inner_text(".row.here .reasons li")
    page.keyboard.press("c")
    page.keyboard.type("1 doubt, 2 views?")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.wait_for_selector(SAVED)
    view = held(site, "words", 1)
    (span,) = view.marks["No Finding"].split()
    begin, end = map(int, span.split("-"))
    assert view.text[begin:end] == "left pleural"
    assert view.comment == "1 doubt, 2 views?" and view.flag == "not_chest"
    assert not view.answers
    page.keyboard.press("Enter")
    at_report(page, 2)
    page.wait_for_selector(SAVED)
    assert held(site, "words", 1).submitted


def test_mouse_search_and_neighbours(site: Site, context: Any) -> None:
    page = enter(context, site.links["mouse"])
    at_report(page, 1)
    page.click(".row[data-observation='Edema'] label.uncertain")
    page.dblclick("#report p >> text=mildly", position={"x": 20, "y": 10})
    page.click("[data-do='mark']")
    page.click("[data-do='following']")
    at_report(page, 2)
    page.keyboard.press("/")
    page.keyboard.type("bibasilar")
    page.wait_for_selector("#search-found li:only-child >> text=report-2")
    page.keyboard.press("Enter")
    at_report(page, 3)
    assert "bibasilar" not in site.said().lower()
    page.keyboard.press("?")
    page.wait_for_selector("#help[open]")
    page.keyboard.press("Escape")
    page.go_back()
    at_report(page, 2)
    view = held(site, "mouse", 1)
    assert view.answers == {"Edema": Label.UNCERTAIN} and list(view.marks) == ["Edema"]


def test_touch_on_a_phone(site: Site, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = enter(context, site.links["touch"])
    at_report(page, 1)
    page.tap(".row[data-observation='Fracture'] label.negative")
    page.tap("[data-do='undo']")
    page.tap(".row[data-observation='Edema'] label.negative")
    page.wait_for_selector(SAVED)
    assert held(site, "touch", 1).answers == {"Edema": Label.NEGATIVE}
    page.tap("[data-do='submit']")
    at_report(page, 2)
    context.close()


def test_a_network_that_drops_loses_nothing(site: Site, context: Any) -> None:
    page = enter(context, site.links["network"])
    at_report(page, 1)
    page.wait_for_load_state("networkidle")
    context.set_offline(True)
    page.keyboard.press("1")
    page.wait_for_selector("#saved[data-state='trouble']")
    assert "Not saved yet" in page.inner_text("#trouble")
    page.keyboard.press("u")
    page.keyboard.press("4")
    page.keyboard.press("Enter")
    at_report(page, 2)  # It was fetched ahead.
    page.keyboard.press("1")
    assert held(site, "network", 1).answers == {}
    assert (
        page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    )
    context.set_offline(False)
    page.wait_for_selector(SAVED)
    assert held(site, "network", 1).submitted
    assert held(site, "network", 1).answers["No Finding"] == Label.BLANK
    assert held(site, "network", 2).answers == {"No Finding": Label.POSITIVE}


def test_a_killed_server_loses_and_doubles_nothing(tmp_path: Path, context: Any) -> None:
    database = tmp_path / "review.sqlite"
    make_store(database).close()
    site = start(database, tmp_path)
    port = int(site.url.rpartition(":")[2])
    page = enter(context, site.links["quinta"])
    at_report(page, 1)
    for number, key in enumerate("12341234123412"):
        page.keyboard.press(key)
        if number == 5:
            site.process.send_signal(signal.SIGKILL)
            site.process.wait(30)
        if number == 11:
            site = start(database, tmp_path, port, links=False)
    page.wait_for_selector(SAVED)
    assert site.end() == 0
    answers = held(site, "quinta", 1).answers
    assert [int(answers[name]) for name in load_schema("chexpert14").names] == [
        {"1": 1, "2": 2, "3": 3, "4": 0}[key] for key in "12341234123412"
    ]


def test_two_tabs_show_the_same(site: Site, context: Any) -> None:
    first = enter(context, site.links["tabs"])
    second = context.new_page()
    second.goto(f"{site.url}/read/1")
    at_report(second, 1)
    first.keyboard.press("1")
    second.wait_for_selector(".row[data-observation='No Finding'][data-answer='1']")
    second.keyboard.press("ArrowDown")
    second.keyboard.press("2")
    first.wait_for_selector(".row[data-observation='Enlarged Cardiomediastinum'][data-answer='2']")


def test_a_session_that_ended_keeps_what_is_unsaved(site: Site, context: Any) -> None:
    page = enter(context, site.links["session"])
    at_report(page, 1)
    with Store(site.log.parent / "review.sqlite") as store:
        from lingula.review.web.links import new_link

        reader = next(one for one in store.people() if one.name == "session")
        store.revoke(reader.id)
        fresh = new_link(store, site.url, reader)
    page.keyboard.press("1")
    page.wait_for_selector("#saved[data-state='trouble']")
    assert "session has ended" in page.inner_text("#trouble")
    # Somebody else in this browser gets nothing of it ...
    other = enter(context, site.links["other"])
    page.bring_to_front()
    page.wait_for_selector("#trouble:has-text('another')")
    assert held(site, "other", 1).answers == {} and held(site, "session", 1).answers == {}
    other.close()
    # ... and the same person's new session takes it.
    enter(context, fresh)
    page.bring_to_front()
    page.wait_for_selector(SAVED)
    assert held(site, "session", 1).answers == {"No Finding": Label.POSITIVE}


def test_hostile_reports_are_shown_and_never_run(site: Site, context: Any) -> None:
    page = enter(context, site.links["hostile"])
    at_report(page, 5)
    page.wait_for_timeout(200)
    assert page.title().startswith("Report 1")
    assert "<script>document.title = 'run'</script>" in page.inner_text("#report")
    page.keyboard.press("n")
    at_report(page, 6)
    assert len(page.inner_text("#report")) > 200_000
    page.keyboard.press("4")
    page.wait_for_selector(".row[data-observation='Enlarged Cardiomediastinum'].here")
    page.keyboard.press("n")
    at_report(page, 7)
    # Words are marked by code points, past characters that browsers count twice.
    for key in ("m", *["ArrowRight"] * 3, "Enter"):
        page.keyboard.press(key)
    page.wait_for_selector(SAVED)
    view = held(site, "hostile", 7)
    begin, end = map(int, view.marks["No Finding"].split("-"))
    assert view.text[begin:end] == "pneumothorax"
    assert held(site, "hostile", 6).answers == {"No Finding": Label.BLANK}


def test_readers_differ_and_an_adjudicator_decides(site: Site, context: Any, browser: Any) -> None:
    for name, key in (("reader-a", "1"), ("reader-b", "3")):
        reading = browser.new_context()
        page = enter(reading, site.links[name])
        at_report(page, 8)
        for _ in range(5):
            page.keyboard.press("ArrowDown")
        page.keyboard.press(key)
        page.keyboard.press("Enter")
        page.wait_for_selector("main[data-view='finished']")
        reading.close()
    page = enter(context, site.links["cora"])
    page.click("a >> text=Decide the next")
    at_report(page, 8)
    assert page.locator(".row").count() == 1
    votes = page.inner_text(".votes")
    assert "positive" in votes and "uncertain" in votes
    assert "reader-a" not in page.content() and "reader-b" not in page.content()
    page.keyboard.press("Enter")
    page.wait_for_selector("#said:has-text('not decided')")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.wait_for_selector("main[data-view='disputes']")
    page.wait_for_selector(SAVED)
    assert "0 of 1 to decide" in page.inner_text("main")


def test_a_blind_page_has_no_label_and_no_highlight(tmp_path: Path, context: Any) -> None:
    make_store(tmp_path / "review.sqlite", TEXTS, blind=True).close()
    site = start(tmp_path / "review.sqlite", tmp_path)
    page = enter(context, site.links["quinta"])
    at_report(page, 1)
    assert page.locator("#report mark").count() == 0
    assert page.locator(".row[data-proposal='']").count() == 14
    page.keyboard.press("Enter")
    page.wait_for_selector("#said:has-text('blank')")
    page.keyboard.press("Enter")
    at_report(page, 2)
    page.wait_for_selector(SAVED)
    assert set(held(site, "quinta", 1).answers.values()) == {0}
    assert site.end() == 0
