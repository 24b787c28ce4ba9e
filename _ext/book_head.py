"""What a page says about itself to search engines, to those who share it, and to those who look for it in vain.

Each page gets one title of its own, a description out of its first sentences, its public address, and the tags that
make a shared link a card. The site gets a list of its pages, a page for addresses that do not exist (written in
``404.md``), and a signpost wherever a page used to be: ``moved_pages`` in ``_config.yml`` says from where to where.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from posixpath import dirname, relpath
from urllib.parse import urljoin, urlparse

from docutils import nodes
from markdown_it import MarkdownIt
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError
from sphinx.util import logging

SHORTEST, LONGEST = 70, 160  # characters of a description: what a search engine shows in two lines
CARD, CARD_SIZE = "social_card.png", (1200, 630)  # in _static
ASIDES = re.compile(r"About .{1,30} minutes |Before this: |After this|A mark such as ")  # how to read a page
CITATION = re.compile(r"\s*\[[\w+]+\d\d[a-z]?\]")
# The theme writes a title and further viewports below those of this module, where no event of Sphinx reaches.
ONCE = re.compile(r'\s*<(?:(title)>.*?</title|meta name="(viewport|description)"[^>]*)>', re.DOTALL)
LINK = re.compile(r'( (?:href|src|action|data-content_root)=")(?![a-z]+:|[/#"])([^"]*)')
OWN_TEXTS = {  # of pages that are not written in a file of their own
    "search": "Search every chapter, problem and function of {book}: type a few words and see where they occur.",
    "404": "There is no page at this address of {book}. Search the book, or begin at its list of chapters.",
}
HIDDEN = ("404", "search")  # from search engines
SIGNPOST = """<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Moved: {title} — {book}</title>
    <meta name="description" content="This page of {book} has moved. It is now called: {title}." />
    <meta name="robots" content="noindex" />
    <meta http-equiv="refresh" content="0; url={link}" />
    <link rel="canonical" href="{address}" />
  </head>
  <body>
    <p>This page has moved: <a href="{link}">{title}</a></p>
  </body>
</html>
"""

logger = logging.getLogger(__name__)


def take_address(app: Sphinx, config: Config) -> None:
    """Let ``make book BOOK_ADDRESS=https://...`` say where the site will stand, if not at GitHub Pages."""
    if address := os.environ.get("BOOK_ADDRESS"):
        if not urlparse(address).netloc:
            raise ConfigError(f"BOOK_ADDRESS must be like https://example.org/book/, got {address!r}")
        config.html_baseurl = address.rstrip("/") + "/"


def address_of(config: Config, pagename: str) -> str:
    """Return the public address of a page; that of a folder's first page is the folder's."""
    return urljoin(config.html_baseurl, f"{pagename}.html").removesuffix("index.html")


# What a page is about


def join_up_to(limit: int, parts: Iterable[str], glue: str) -> str:
    """Return as many parts as fit; what would be too short goes on with the beginning of the next part."""
    text = ""
    for part in parts:
        longer = f"{text}{glue}{part}" if text else part
        if len(longer) > limit:
            cut = longer[: longer.rindex(" ", 0, limit)].rstrip(" ,;:–") + "…"
            return text if len(text) >= SHORTEST else cut
        text = longer
    return text


def words(node: nodes.Element) -> str:
    """Return the text of a node in one line, without citations; nothing if it holds a formula."""
    if next(node.findall(nodes.math), None) is not None:
        return ""
    return " ".join(CITATION.sub("", node.astext()).split())


def goals(doctree: nodes.document) -> Iterator[str]:
    """Yield the points of the list after 'After this chapter you can'."""
    for paragraph in doctree.findall(nodes.paragraph):
        after = paragraph.next_node(descend=False, siblings=True)
        if paragraph.astext().endswith("you can") and isinstance(after, nodes.bullet_list):
            yield from filter(None, (words(item).rstrip(".;,") for item in after))


def sentences(doctree: nodes.document) -> Iterator[str]:
    """Yield the sentences of the page's prose: no lists, captions or remarks on how to read it."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = words(paragraph)
        if isinstance(paragraph.parent, nodes.section) and not text.endswith(":") and not ASIDES.match(text):
            yield from filter(None, re.split(r"(?<=[.!?]) (?=\S)", text))


def headings(doctree: nodes.document) -> Iterator[str]:
    """Yield the titles of the page's sections, without the numbers of problems."""
    titles = [section.next_node(nodes.title) for section in doctree.findall(nodes.section)]
    yield from (re.sub(r"^[A-D]\d+\w?: ", "", words(title)) for title in titles[1:] if words(title))


def ended(text: str) -> str:
    """Return a list as a sentence: with a full stop, if it was not cut."""
    return text if text.endswith("…") else f"{text}."


def describe(doctree: nodes.document) -> str:
    """Return what the page teaches, else how it begins and, if that says little, what its sections are."""
    if learned := list(goals(doctree)):
        return ended("Learn to " + join_up_to(LONGEST - 10, learned, "; "))
    text = join_up_to(LONGEST, sentences(doctree), " ")
    if len(text) < SHORTEST and (titles := list(headings(doctree))):
        begun = f"{text} On this page: ".lstrip()
        text = ended(begun + join_up_to(LONGEST - 1 - len(begun), titles, "; "))
    return text


# The head of a page


def full_title(context: dict, book: str) -> str:
    """Return the page's title after the titles of the pages above it: topics and chapters share names."""
    parents = [parent["title"] for parent in reversed(context.get("parents", ()))]
    own = [context["title"], *parents] if context.get("title") else [context["pagename"].capitalize()]
    texts = [re.sub("<[^>]*>", "", title) for title in own]
    return " — ".join(texts if texts[0] == book else [*texts, book])


def card(config: Config, source: Path) -> dict[str, str]:
    """Return the tags of the picture that goes with a shared link, if there is one."""
    if not (source / "_static" / CARD).is_file():
        return {}
    width, height = map(str, CARD_SIZE)
    return {
        "og:image": urljoin(config.html_baseurl, f"_static/{CARD}"),
        "og:image:width": width,
        "og:image:height": height,
        "og:image:alt": f"{config.html_title}: {config.book_description}",
    }


def share_tags(title: str, description: str, address: str, book: str, picture: dict[str, str]) -> list[str]:
    """Return the tags that make a shared link a card: OpenGraph's, and Twitter's own."""
    graph = {
        "og:type": "website" if title == book else "article",
        "og:site_name": book,
        "og:title": title,
        "og:description": description,
        "og:url": address,
        "og:locale": "en_GB",
        **picture,
    }
    twitter = {
        "twitter:card": "summary_large_image" if picture else "summary",
        "twitter:title": title,
        "twitter:description": description,
    }
    if picture:
        twitter |= {"twitter:image": picture["og:image"], "twitter:image:alt": picture["og:image:alt"]}
    return [f'<meta property="{name}" content="{escape(text)}" />' for name, text in graph.items()] + [
        f'<meta name="{name}" content="{escape(text)}" />' for name, text in twitter.items()
    ]


def structured(title: str, description: str, address: str, config: Config) -> str:
    """Return the same in the vocabulary of schema.org, as data that no browser runs."""
    course = {"@type": "Course", "name": config.html_title, "url": config.html_baseurl}
    data = {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "name": title,
        "url": address,
        "description": description,
        "inLanguage": "en",
        "isAccessibleForFree": True,
    }
    if title == config.html_title:
        data |= course | {"provider": {"@type": "Organization", "name": config.author}}
    else:
        data |= {"isPartOf": course}
    text = json.dumps(data).replace("<", "\\u003c")  # no text may end the script
    return f'<script type="application/ld+json">{text}</script>'


def write_head(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Put title, description and address into the page's head."""
    config, book = app.config, app.config.html_title
    title = full_title(context, book)
    if pagename == config.root_doc:
        description = config.book_description
    elif doctree is None:
        description = OWN_TEXTS.get(pagename, title).format(book=book)
    else:
        description = (context.get("meta") or {}).get("description") or describe(doctree)
    if not SHORTEST <= len(description) <= LONGEST:
        logger.warning(
            "the description of %s must have %d to %d characters, got %d: %r; mend its first sentences, or write one "
            "as 'description' into its front matter",
            *(pagename, SHORTEST, LONGEST, len(description), description),
        )
    tags = [f"<title>{escape(title)}</title>", f'<meta name="description" content="{escape(description)}" />']
    context["pageurl"] = None if pagename == "404" else address_of(config, pagename)
    if pagename in HIDDEN:
        tags.append('<meta name="robots" content="noindex" />')
    else:
        short = title.removesuffix(f" — {book}")
        tags += share_tags(short, description, context["pageurl"], book, card(config, Path(app.srcdir)))
        tags.append(structured(short, description, context["pageurl"], config))
    context["metatags"] = "\n    ".join(["", *tags, ONCE.sub("", context.get("metatags") or "").strip()])


def say_once(html: str) -> str:
    """Keep the first title, viewport and description of a page's head."""
    head, body = html.split("</head>", 1)
    seen = set()

    def keep(found: re.Match[str]) -> str:
        kind = found[1] or found[2]
        first = kind not in seen
        seen.add(kind)
        return found[0] if first else ""

    return f"{ONCE.sub(keep, head)}</head>{body}"


# Pages that no source file stands for


def lost_page(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """Yield the page for addresses that do not exist, if the book has written one."""
    source = Path(app.srcdir, "404.md")
    if source.is_file():
        html = MarkdownIt("commonmark", {"html": True}).render(source.read_text(encoding="utf-8"))
        yield "404", {"title": re.search("<h1>(.*?)</h1>", html)[1], "body": html}, "page.html"


def from_anywhere(html: str, root: str) -> str:
    """Return a page whose links begin at the host's root: it is shown at addresses of any depth."""
    return LINK.sub(lambda found: found[1] + urljoin(root, found[2]), html)


def put_up_signposts(app: Sphinx) -> None:
    """Write a page at each address that a page has left, which leads to where it is now."""
    for old, new in app.config.moved_pages.items():
        if old in app.env.found_docs or new not in app.env.found_docs:
            logger.warning("moved_pages: %r must be no page any more, and %r must be one", old, new)
            continue
        page = SIGNPOST.format(
            title=escape(app.env.titles[new].astext()),
            book=escape(app.config.html_title),
            link=relpath(f"{new}.html", dirname(old) or "."),
            address=address_of(app.config, new),
        )
        file = Path(app.outdir, f"{old}.html")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8")


def list_pages(app: Sphinx) -> None:
    """Write the list of all pages for search engines, and where to find it.

    A crawler reads ``robots.txt`` only at the root of a host, so on a site in a subfolder the map is handed in by hand.
    """
    addresses = (escape(address_of(app.config, page)) for page in sorted(app.env.found_docs))
    Path(app.outdir, "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "".join(f"<url><loc>{address}</loc></url>\n" for address in addresses)
        + "</urlset>\n",
        encoding="utf-8",
    )
    root, site_map = urlparse(app.config.html_baseurl).path, urljoin(app.config.html_baseurl, "sitemap.xml")
    rules = f"User-agent: *\nDisallow: {root}_sources/\nSitemap: {site_map}\n"
    Path(app.outdir, "robots.txt").write_text(rules, encoding="utf-8")


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Tidy the heads of all pages, and write what stands beside the pages."""
    if exception is not None or app.builder.format != "html":
        return
    for name in [*app.env.found_docs, *OWN_TEXTS]:
        page = Path(app.outdir, f"{name}.html")
        if page.is_file():
            html = say_once(page.read_text(encoding="utf-8"))
            if name == "404":
                html = from_anywhere(html, urlparse(app.config.html_baseurl).path)
            page.write_text(html, encoding="utf-8")
    put_up_signposts(app)
    list_pages(app)
    Path(app.outdir, ".nojekyll").touch()  # GitHub Pages leaves out folders such as _static without it


def setup(app: Sphinx) -> dict[str, object]:
    """Register with Sphinx."""
    app.add_config_value("book_description", "", "html", str)
    app.add_config_value("moved_pages", {}, "html", dict)
    app.connect("config-inited", take_address, priority=110)
    app.connect("html-page-context", write_head, priority=950)
    app.connect("html-collect-pages", lost_page)
    app.connect("build-finished", finish, priority=700)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
