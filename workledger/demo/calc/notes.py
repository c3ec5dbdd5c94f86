"""What people write beside their hours: short, uneven, in two languages, sometimes nothing."""

from random import Random

from workledger.demo.calc.catalogue import ENGLISH_CONTEXT, GERMAN_CONTEXT, TaskKind

PLAIN, TERSE, GERMAN, SPARSE = range(4)
_EMPTY_SHARE = (0.05, 0.08, 0.06, 0.35)


class NoteWriter:
    """Writes one person's notes in that person's habit."""

    def __init__(self, rng: Random, habit: int, colleagues: tuple[str, ...]) -> None:
        self._random = rng.random
        self._habit = habit
        self._colleagues = colleagues

    def write(self, kind: TaskKind, client_word: str, required: bool) -> str:
        """A note for hours on this kind of task; rarely empty where the contract wants one."""
        draw = self._random
        if draw() < (_EMPTY_SHARE[self._habit] * (0.1 if required else 1)):
            return ""
        german = self._habit == GERMAN
        subjects = kind.german if german else kind.english
        note = subjects[int(draw() * len(subjects))]
        contexts = GERMAN_CONTEXT if german else ENGLISH_CONTEXT
        context = contexts[int(draw() * len(contexts))]
        if not context:
            return note.lower() if self._habit == TERSE else note
        if "{" in context:
            colleague = self._colleagues[int(draw() * len(self._colleagues))]
            context = context.format(colleague=colleague, client=client_word)
        elif context == "see ticket":
            context = f"see #{100 + int(draw() * 1900)}"
        note = f"{note}, {context}"
        return note.lower() if self._habit == TERSE else note
