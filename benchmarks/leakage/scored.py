"""What is kept of an answer: enough for the tables, small enough to send and to write down."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.leakage.trial import Answer


@dataclass(frozen=True)
class Scored:
    """How one table was answered; `told` is that in words."""

    leak: str
    is_leaking: bool
    is_found: bool
    verdict: str
    kinds: tuple[str, ...]
    """Kinds of finding that stop or warn."""
    named_by: tuple[str, ...]
    """Those of them that name what was planted."""
    seconds: float
    told: str

    @property
    def is_wrong(self) -> bool:
        return not self.is_found if self.is_leaking else bool(self.kinds)

    @staticmethod
    def of(leak: str, answer: Answer) -> "Scored":
        kinds = tuple(sorted({item["kind"] for item in answer.loud}))
        return Scored(
            leak,
            bool(answer.trial.families),
            answer.is_found(),
            answer.verdict,
            kinds,
            tuple(kind for kind in kinds if answer.is_found_by(kind)),
            answer.seconds,
            _told(answer),
        )


@dataclass(frozen=True)
class Done:
    """A job's answers."""

    name: str
    answers: tuple[Scored, ...]


def keep(path: Path, done: Done) -> None:
    """Add a job to the file of those done."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(done)) + "\n")


def done_in(path: Path) -> dict[str, Done]:
    """Return the jobs of a file by name, none if there is no such file; a torn line is left out."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            content = json.loads(line)
        except ValueError:
            continue
        answers = [
            Scored(**{**item, "kinds": tuple(item["kinds"]), "named_by": tuple(item["named_by"])})
            for item in content["answers"]
        ]
        found[content["name"]] = Done(content["name"], tuple(answers))
    return found


def _told(answer: Answer) -> str:
    if answer.trial.families:
        said = "found   " if answer.is_found() else "MISSED  "
    else:
        said = {"pass": "passed  ", "warn": "WARNED  ", "block": "BLOCKED "}[answer.verdict]
    lines = [f"{said} {answer.trial.name} ({answer.seconds:.2f} s)"]
    for item in answer.loud:
        lines.append(f"           {item['severity']} {item['kind']} {item['columns'][:4]}")
        lines.append(f"             {item['message'][:150]} {str(item['evidence'])[:200]}")
    return "\n".join(lines)
