"""What stands around the text does its work, and lines are as long as an eye can follow."""

from __future__ import annotations

from playwright.sync_api import Page, expect

CHAPTER = "chapters/convolution.html"
# Of the paragraphs with four lines or more: the letters of a line, the last one not counted as a whole.
LETTERS_A_LINE = """paragraphs => {
  const full = paragraphs.map(p => {
    const range = document.createRange();
    range.selectNodeContents(p);
    const tops = [...range.getClientRects()].map(rect => Math.round(rect.bottom / 12));
    return [p.textContent.length, new Set(tops).size];
  }).filter(([_, lines]) => lines >= 4);
  return full.map(([letters, lines]) => letters / (lines - 0.5));
}"""


def test_contents_open_on_a_phone(phone: Page, server: str):
    """The button at the top opens the list of chapters; Escape closes it."""
    phone.goto(server + CHAPTER)
    contents = phone.locator("#pst-primary-sidebar-modal")
    phone.locator(".bd-header-article .primary-toggle").focus()
    phone.keyboard.press("Enter")
    expect(contents).to_be_visible()
    expect(contents.get_by_role("link", name="Autoencoders", exact=True)).to_be_visible()
    phone.keyboard.press("Escape")
    expect(contents).to_be_hidden()


def test_a_laptop_page_is_a_book(page: Page, server: str):
    """Lines of 60 to 80 letters; the button puts the list of chapters away and fetches it back; there is one bar."""
    page.goto(server + CHAPTER)
    lengths = page.locator(".bd-article > section p").evaluate_all(LETTERS_A_LINE)
    assert len(lengths) >= 5
    assert 60 <= sum(lengths) / len(lengths) <= 80
    assert page.locator("header .sidebar-toggle").count() == 0
    contents, button = (
        page.locator("#pst-primary-sidebar"),
        page.locator(".bd-header-article .primary-toggle"),
    )
    expect(contents).to_be_visible()
    button.click()
    expect(contents).to_be_hidden()
    button.click()
    expect(contents).to_be_visible()
