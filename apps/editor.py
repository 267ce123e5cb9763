"""The editor: a session's program as it is being written, valid or not, as text and as the form's mapping; and the file it came from.

The draft is always valid; what is typed need not be. While it is not, it stays here, with its problems, and the draft stays what it was. No Panel.
"""

import copy
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from apps.draft import Draft
from apps.form_edits import edited
from apps.levers import Change, changed
from apps.repeat import program_yaml
from apps.workspace import Conflict, Saved
from apps.yaml_text import patched, program_of, retold
from workbench.errors import BadInput, Problem, dotted
from workbench.program.load import find_program, library, program_from_mapping
from workbench.program.spec import Program
from workbench.spec_file import problems_of
from workbench.yaml_file import parse_mapping, read_text

if TYPE_CHECKING:
    from apps.session import Session

__all__ = ["Editor"]


class Editor:
    """One session's. ``text`` and ``mapping`` say the same; ``mapping`` is None where the text is no YAML."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.problems: list[Problem] = []
        self._program = session.draft.program
        self._text = ""
        self._behind = True
        self.mapping: dict[str, Any] | None = session.draft.mapping
        self.digests: dict[str, str] = {}
        """What files were when they were last read or written here."""
        self.conflict = ""
        """The name of a file that somebody else has saved since."""
        self.bring_back = ""
        """A text that was typed, was not valid, and was given up for another program."""

    @property
    def text(self) -> str:
        """The program as it is being written. To write a text again takes a tenth of a second, so that it is done when it is asked for."""
        if self._behind:
            draft = self._session.draft
            self._text, self._behind = retold(self._text, draft.program) if self._text else _first_text(draft), False
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        self._text, self._behind = text, False

    @property
    def valid(self) -> bool:
        """Whether what is typed is the draft."""
        return not self.problems

    # --- writing ---
    def typed(self, text: str) -> None:
        """The text is this now."""
        if text == self.text:
            return
        self.text = text
        try:
            self.mapping, line_of = parse_mapping(text)
        except BadInput as error:
            self.mapping = None
            self._refused(error.problems)
            return
        problems = problems_of(Program, self.mapping, line_of)
        if problems:
            self._refused(problems)
            return
        self._taken(lambda: program_of(text)[0], "text")

    def edited(self, edit: Mapping[str, Any]) -> None:
        """The form was changed (``apps.form_edits.edited``)."""
        base = self.mapping if self.mapping is not None else self._session.draft.mapping
        mapping = edited(Program, base, edit, self._session.draft.start)
        if mapping == base:
            return
        self.mapping = copy.deepcopy(mapping)
        try:
            program = program_from_mapping(mapping)
        except BadInput as error:
            self.text = patched(self.text, mapping)
            self._refused(self._with_lines(error.problems))
            return
        self._text, self._behind = self.text, True
        self._taken(lambda: program, "form:" + repr(edit.get("path")))

    def moved(self, path: tuple[str | int, ...], value: int | Decimal) -> list[Problem]:
        """A lever was moved. What the spec refuses is returned, and leaves everything as it was, unless something else is wrong already."""
        draft, is_valid = self._session.draft, self.valid
        if not is_valid:
            self.edited({"do": "put back", "path": list(path), "value": _plain(value)})
            return []
        try:
            self._session.change(
                draft.with_program(changed(draft.program, {path: value}, *draft.days)), "lever:" + dotted(path)
            )
        except BadInput as error:
            return list(error.problems)
        return []

    def restore(self, change: Change) -> None:
        """Undo one change against the baseline, and no other."""
        self.edited({"do": "put back", "path": list(change.path), "value": change.before})

    def give_up(self) -> None:
        """Back to the draft; what was typed can be brought back."""
        self.bring_back = self.text
        self._program = None  # type: ignore[assignment]
        self.follow()

    def follow(self) -> None:
        """The draft is another one: the text follows, and keeps what stays the same."""
        program = self._session.draft.program
        if program == self._program:
            return
        if not self.valid:
            self.bring_back = self.text
        self._program, self.problems = program, []
        self._behind = True
        self.mapping = self._session.draft.mapping
        self._session.mind(0)

    def _taken(self, program: Any, key: str) -> None:
        """Make a valid program the draft's; what cannot be run stays here with its problems."""
        session = self._session
        found = program()
        was = self._program, self.problems
        self._program, self.problems = found, []
        try:
            session.change(_with_program(session.draft, found), key=key)
        except BadInput as error:
            self._program = was[0]
            self._refused(self._with_lines(error.problems))
            return
        session.mind(0)

    def _refused(self, problems: Any) -> None:
        self.problems = list(problems)
        self._session.mind(len(self.problems))

    def _with_lines(self, problems: Any) -> list[Problem]:
        """Problems with the lines of the text."""
        try:
            mapping, line_of = parse_mapping(self.text)
        except BadInput:
            return list(problems)
        lines = {each.path: each.line for each in problems_of(Program, mapping, line_of)}
        return [replace(each, line=lines.get(each.path, each.line)) for each in problems]

    # --- files ---
    def open(self, name: str) -> None:
        """Begin with a program of the library, or with a file of the workspace. A file that is no valid program is opened as text, beside the
        draft that there was. Raises BadInput where it cannot be read."""
        session = self._session
        if name in library():
            draft = Draft.of(name, **_world(session.draft))
            self.text, self._program, self.problems = _first_text(draft), draft.program, []
            self.mapping = draft.mapping
            session.change(draft)
            session.mind(0)
            return
        data, saved = session.workspace.read("programs", name)
        text = data.decode("utf-8", "replace")
        self.digests[name], self.conflict = saved.digest, ""
        try:
            program = program_of(text, name)[0]
            draft = Draft.opened(name, program, **_world(session.draft)).checked()
        except BadInput:
            session.change(replace(session.draft, origin=name))
            self.typed(text)
            return
        self.text, self._program, self.mapping, self.problems = text, program, draft.mapping, []
        session.change(draft)
        session.mind(0)

    def save(self, name: str, anyway: bool = False) -> Saved:
        """Write the text to a file of the workspace, under this name. ``anyway``: also where somebody else has saved it since.

        Raises Conflict, and then ``conflict`` is its name and nothing was written; BadInput.
        """
        session = self._session
        name = name.strip()
        name = name if name.lower().endswith((".yaml", ".yml")) or not name else name + ".yaml"
        since = self.digests.get(name)
        if anyway and name in session.workspace.names("programs"):
            since = session.workspace.read("programs", name)[1].digest
        try:
            saved = session.workspace.save("programs", name, self.text.encode(), since, by=self)
        except Conflict:
            self.conflict = name
            raise
        self.digests[name], self.conflict = saved.digest, ""
        if session.draft.origin != name:
            session.change(replace(session.draft, origin=name))
        return saved


def _first_text(draft: Draft) -> str:
    """The library's own file where the program is that; otherwise written afresh."""
    if draft.origin in library() and draft.file_name == draft.origin:
        return read_text(find_program(draft.origin))
    if draft.origin in library():
        return retold(read_text(find_program(draft.origin)), draft.program)
    return program_yaml(draft.program)


def _world(draft: Draft) -> dict[str, Any]:
    """What of the world goes on to another program: the assumptions, the span and the seed; not the people, who belong to a trade."""
    return {
        name: getattr(draft, name)
        for name in ("assumptions", "assumptions_changes", "policy", "policy_changes", "years", "start", "seed")
    }


def _with_program(draft: Draft, program: Program) -> Draft:
    """The draft with another program; where it names other people and nobody chose any, they come with it."""
    found = draft.with_program(program)
    own = draft.population == draft.program.population and not draft.population_changes
    return replace(found, population=program.population) if own else found


def _plain(value: int | Decimal) -> int | float:
    return value if isinstance(value, int) else int(value) if value == value.to_integral_value() else float(value)
