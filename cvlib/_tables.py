"""Tables with a line of totals, as text and as HTML: one place for everything that shows itself as a table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

Cells = Sequence[str]


def text_table(headings: Cells, rows: Sequence[Cells], totals: Cells) -> str:
    """Return the table as lines of text: names on the left, everything else aligned right."""
    table = [headings, *rows, totals]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]

    def line(cells: Cells) -> str:
        return "  ".join([cells[0].ljust(widths[0]), *map(str.rjust, cells[1:], widths[1:])]).rstrip()

    head, *body, foot = map(line, table)
    rule = "-" * max(map(len, (head, *body, foot)))
    return "\n".join([head, rule, *body, rule, foot])


def html_table(caption: str, headings: Cells, rows: Sequence[Cells], totals: Cells) -> str:
    """Return the table as HTML: a caption, a heading for every column, and the first cell of a line its heading."""

    def line(cells: Cells) -> str:
        name, *others = map(escape, cells)
        return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'

    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(map(line, rows))}</tbody><tfoot>{line(totals)}</tfoot></table>"
    )
