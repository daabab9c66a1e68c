"""English and Korean: by the browser's language, switchable, remembered."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.importing import expect_headline
from tests.browser.serving import Served
from tests.browser.states import STATES, make

_WORDS = """async () => {
  const [{ en }, { ko }] = await Promise.all([import("/web/words_en.js"), import("/web/words_ko.js")]);
  return [en, ko];
}"""


def test_browsers_language_is_spoken(open_context: OpenContext, idle: Served) -> None:
    """A Korean browser gets Korean, with Korean dates and numbers, and the counts are the same."""
    job_id = make(idle, STATES["killed"])
    page = open_context(locale="ko-KR").new_page()
    page.goto(f"{idle.url}/imports/{job_id}")
    expect_headline(page, "메모리 부족으로 강제 종료됨")
    assert page.locator("html").get_attribute("lang") == "ko"
    said = re.compile(r"문서 200개 중 173개가 저장되었습니다\. 27개가 남았고, 약 \d분 걸립니다\.")
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_role("button", name="이어서 가져오기")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d{4}\. \d{1,2}\. \d{1,2}\. (오전|오후) \d"))).to_be_visible()
    page.get_by_role("link", name="가져오기 목록").click()
    expect(page.get_by_text("중단됨 · 86%").first).to_be_visible()


def test_language_is_switched_and_remembered(page: Page, service: Served) -> None:
    """One press changes every text in place and keeps the focus; the choice outlives a reload."""
    page.goto(service.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Import documents")
    page.get_by_role("button", name="한국어").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("문서 가져오기")
    expect(page.get_by_role("button", name="한국어")).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("문서 가져오기")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import documents")


def test_both_languages_say_the_same(page: Page, service: Served) -> None:
    """Every sentence is there in both, with the same places to fill in (the singular may leave the count out)."""
    page.goto(service.url)
    english, korean = page.evaluate(_WORDS)
    assert english.keys() == korean.keys()
    different = [key for key in english if _places(english[key]) != _places(korean[key])]
    assert different == []
    latin_only = [key for key, text in korean.items() if not re.search("[가-힣]", str(text))]
    assert set(latin_only) <= {
        "figure_unknown", "format_pdf", "format_json", "format_bibtex", "format_ris", "refused_with_status",
        "cause_provider_refused_text", "cause_provider_answer_text", "cause_other_text",
    }  # fmt: skip


def _places(words: Any) -> set[str]:
    text = words["other"] if isinstance(words, dict) else words
    return set(re.findall(r"\{\w+\}", text))
