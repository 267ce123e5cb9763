"""The two consoles of the command line: results on standard output, all else on standard error."""

from rich.console import Console

__all__ = ["err", "out", "plain", "table"]

out, err = Console(), Console(stderr=True)


def plain(text: str) -> str:
    """Text for rich without markup of its own."""
    return text.replace("[", "\\[")


def table(header: list[str], rows: list[list[str]]) -> None:
    """Print a table: names on the left, figures on the right."""
    from rich.table import Table

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for place, name in enumerate(header):
        drawn.add_column(plain(name), justify="left" if place == 0 else "right", overflow="fold")
    for row in rows:
        drawn.add_row(*(plain(cell) for cell in row))
    out.print(drawn, highlight=False)
    out.print()
