"""Names and titles are text, never markup; the security policy is strict and never violated."""

import urllib.request

from playwright.sync_api import Page, expect

from tests.browser.browsing import Complaints
from tests.browser.documents import papers, plain
from tests.browser.importing import expect_headline, start_import
from tests.browser.serving import Served

NAME = "<img src=x onerror=alert(1)>.pdf"
TITLE = "<script>alert(2)</script><b onclick=alert(3)>bold</b> {count} & '\" =1+1"


def test_markup_in_names_and_titles_is_text(page: Page, service: Served) -> None:
    """A file and a title that are markup stand there letter by letter, on every page; nothing of it runs."""
    start_import(page, service, [plain(NAME, "not a PDF"), papers(1, name="titles.jsonl", title=TITLE)])
    expect_headline(page, "Imported, but not everything")
    expect(page.get_by_role("row").nth(1)).to_contain_text(NAME)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{NAME} and 1 more file")
    expect(page.locator(".documents li", has_text=f"{TITLE} 0")).to_be_visible()
    page.get_by_label("Search everything that was imported").fill(TITLE)
    page.get_by_role("button", name="Search").click()
    expect(page.locator(".found h3")).to_have_text(f"Found for “{TITLE}”")
    expect(page.locator(".found li", has_text=TITLE).first).to_be_visible()
    page.get_by_role("link", name="Imports").click()
    expect(page.get_by_role("link", name=NAME)).to_be_visible()
    page.goto(service.url)
    page.locator("#files").set_input_files([plain(NAME, "")])
    expect(page.locator(".chosen .name")).to_have_text(NAME)
    assert page.locator("main img, main script, main b").count() == 0


def test_policy_stops_what_the_page_never_does(page: Page, service: Served, complaints: Complaints) -> None:
    """Inline script and markup from texts are refused by the browser, whatever the code of the page does."""
    complaints.expect("TrustedHTML|require-trusted-types-for")
    page.goto(service.url)
    policy = page.evaluate("async () => (await fetch('/')).headers.get('content-security-policy')")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    refused = page.evaluate(
        """() => { try { document.body.innerHTML = "<p>markup</p>"; } catch (error) { return error.name; } }"""
    )
    assert refused == "TypeError"
    with urllib.request.urlopen(service.url) as answer:  # noqa: S310 - our own loopback address
        shell = answer.read().decode()
    assert "<style" not in shell
    assert "style=" not in shell
    assert all("src=" in tag for tag in shell.split("<script")[1:])
    assert "//" not in shell.replace("<!doctype", ""), "nothing comes from elsewhere"
