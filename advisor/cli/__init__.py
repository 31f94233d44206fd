"""The command line: one file a verb, answers on standard output, all else on standard error.

Exit codes: 0 answered; 1 nothing feasible, or a check failed; 2 bad input; 3 our bug. Each verb imports what
it needs when it runs, so that ``advisor --help`` and the light verbs start quickly.
"""

from __future__ import annotations

import os
import sys

import typer

from advisor import __version__
from advisor.cli import check, explain, fit, practice, prices, recommend, render, report, simulate, whatif
from advisor.cli import list as list_verb
from advisor.cli.output import EXIT_BAD_INPUT, EXIT_BUG, complain
from advisor.errors import AdvisorError

__all__ = ["app", "main"]

app = typer.Typer(
    name="advisor",
    help="Which way of hosting a model on Amazon SageMaker fits a workload, and why the others do not.",
    no_args_is_help=True,
    add_completion=False,
    # Plain help: it is quick to load and reads the same in a terminal, a pipe and a screen reader.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("check", short_help="Check profiles: what fits, what is refused, and why.")(check.check)
app.command("explain", short_help="Explain a rule, pattern, limit, assumption or traffic.")(explain.explain)
app.command("recommend", short_help="Rank deployments by cost and latency, and say why.")(recommend.recommend)
app.command("render", short_help="Print the boto3 requests of a deployment as JSON.")(render.render)
app.command("report", short_help="The architecture review as HTML, Markdown or PDF.")(report.report)
app.command("fit", short_help="A file of arrivals as a profile's traffic section.")(fit.fit)
app.command("simulate", short_help="Simulate one deployment in detail.")(simulate.simulate)
app.command("whatif", short_help="Vary fields over a grid: what is best in each cell.")(whatif.whatif)
app.command("practice", short_help="Exam-style questions that are always right.")(practice.practice)
app.add_typer(list_verb.app, name="list")
app.add_typer(prices.app, name="prices")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"advisor {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
    ),
) -> None:
    """The options that come before any verb."""


def main() -> None:
    """Run the command line and end the process with the exit code of the contract.

    Typer itself ends the process for usage errors (2), for an interrupt and for a reader that went away.
    """
    try:
        app()
    except AdvisorError as error:
        complain(str(error))
        sys.exit(error.exit_code)
    except OSError as error:
        # Standard output could not take the answer: a full disk behind a redirection.
        complain(f"cannot write the answer: {error.strerror or error}\n  to mend: write to a place with room")
        sys.exit(EXIT_BAD_INPUT)
    except Exception as error:
        if os.environ.get("ADVISOR_TRACEBACK"):
            raise
        complain(
            f"a fault of advisor {__version__}, not of your input: {type(error).__name__}: {error}\n"
            "  to mend: please report it with the command and the profile; ADVISOR_TRACEBACK=1 shows where"
        )
        sys.exit(EXIT_BUG)
