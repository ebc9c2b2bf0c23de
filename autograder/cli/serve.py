"""`sgd2muon serve`: the judge behind a notebook and behind grading: JSON lines in and out."""

from __future__ import annotations

import json
import os
import sys
from typing import Annotated, Any

import typer


def serve(
    level: Annotated[str, typer.Option(help="isolation: trusted, user or full")] = "trusted",
    secret_seed: Annotated[bool, typer.Option("--secret-seed", help="read the seed from the first line")] = False,
) -> None:
    """Answer requests from standard input until it ends."""
    from autograder.cli.check import known_level
    from autograder.judge import Judge

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    seed = int(sys.stdin.readline()) if secret_seed else "public"
    with Judge(known_level(level), seed=seed) as judge:
        judge.start()
        for line in sys.stdin:
            if line.strip():
                answers.write(json.dumps(answer(judge, line), ensure_ascii=False) + "\n")
                answers.flush()


def answer(judge: Any, line: str) -> dict[str, Any]:
    """The answer to one request; what is wrong with the request is said in "error"."""
    from autograder.errors import CourseError
    from autograder.judge import Submission
    from autograder.sandbox import SandboxError

    try:
        request = json.loads(line)
        submission = Submission(dict(request.get("modules", {})), dict(request.get("answers", {})))
        return dict(judge.judge(request["task"], submission).to_json())
    except (CourseError, SandboxError) as error:
        return {"error": str(error)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return {"error": f"The judge could not read the request ({type(error).__name__}: {error})."}
