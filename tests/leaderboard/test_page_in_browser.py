import shutil

import pytest

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser():
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser is installed: none of {', '.join(NAMES)} is on the path")
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser, built):
    problems = []

    def open_it(hash_="", width=1360, task="brain-mr-sex"):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(120_000)  # a busy machine is no defect of the page
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(dialog.message))
        path = built.index.parent / "boards" / f"{task}-v1-severity-1-quick.html"
        page.goto((path if task else built.index).as_uri() + hash_)
        return page

    yield open_it
    assert problems == []


def values(page, column, group="ranked"):
    rows = page.locator(f".board .row[data-group={group}] .line > .col-{column}")
    shown = rows.evaluate_all("cells => cells.map(cell => cell.dataset.value)")
    return [float(value) for value in shown if value is not None]


def test_a_click_sorts_and_a_second_one_turns_round(open_page):
    page = open_page()
    head = page.locator(".board .ranking > thead .col-auroc")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    first = values(page, "auroc")
    assert len(first) == 5
    assert first == sorted(first, reverse=True)
    assert first != values(page, "auroc", "control")
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert values(page, "auroc") == sorted(first)
    assert "sort=auroc" in page.url


def test_the_address_brings_the_view_back(open_page):
    page = open_page("#sort=minutes&dir=ascending&q=oracle&kind=control")
    visible = page.locator(".board .row:not([hidden]) .name")
    assert visible.all_inner_texts() == ["oracle"]


@pytest.mark.parametrize("width", [1360, 1600])
def test_the_columns_shown_first_need_no_scrolling(open_page, width):
    table = open_page(width=width).get_by_role("region", name="Ranking of")
    assert table.evaluate("e => e.scrollWidth - e.clientWidth") == 0


def test_a_box_shows_more_columns_and_the_address_keeps_them(open_page):
    page = open_page()
    head = page.locator(".board .ranking > thead .col-recruited_auroc")
    assert not head.is_visible()
    page.get_by_label("More columns").check()
    assert head.is_visible()
    assert "more=1" in page.url


def test_sorting_by_a_hidden_column_shows_it(open_page):
    page = open_page("#sort=recruited_auroc")
    assert page.locator(".board .ranking > thead .col-recruited_auroc").is_visible()


def test_a_phone_shows_the_verdict_first_and_the_rest_of_an_opened_row(open_page):
    page = open_page(width=390)
    row = page.locator(".board .row", has_text="dfr").first
    first, rest = (row.locator(f".line > .col-{column}") for column in ("gain", "auroc"))
    assert first.is_visible() and not rest.is_visible()
    row.get_by_role("button").click()
    assert rest.is_visible()


def test_a_row_opens_to_its_groups(open_page):
    page = open_page()
    row = page.locator(".board .row", has_text="dfr").first
    detail = row.locator(".detail")
    assert not detail.is_visible()
    row.get_by_role("button").click()
    assert detail.get_by_text("Scores per group").is_visible()
    assert row.get_by_role("button").get_attribute("aria-expanded") == "true"


@pytest.mark.parametrize("task", ["", "brain-mr-sex", "cmr-heart-failure"])
@pytest.mark.parametrize("width", [390, 800, 1360])
def test_no_page_is_wider_than_the_screen(open_page, task, width):
    page = open_page(width=width, task=task)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for row in page.locator(".board .row").all()[:2]:
        row.get_by_role("button").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_colours_follow_the_reader(open_page):
    page = open_page("#theme=dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Light").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_the_chosen_colours_go_with_the_reader_to_another_page(open_page):
    page = open_page("#theme=dark", task="")
    page.locator(".overview h2 a").first.click()
    page.wait_for_url("**/boards/*")  # waits until the other page has run its script
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
