"""``workledger demo``: a made-up consultancy to look around in, loaded once, served from then on."""

import click
from django.utils import timezone

from workledger.cli import boot
from workledger.cli.output import Progress, say, table
from workledger.cli.serve import serve
from workledger.demo.actions import load_demo
from workledger.demo.queries import sign_ins
from workledger.runtime import ports
from workledger.runtime.problems import MachineProblem


@click.command("demo")
@click.option(
    "--people", type=click.IntRange(3, 2000), default=60, show_default=True, help="Size of the firm."
)
@click.option(
    "--months", type=click.IntRange(1, 120), default=24, show_default=True, help="History up to today."
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same firm.")
@click.option("--no-serve", is_flag=True, help="Load the firm and end.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; WORKLEDGER_PORT otherwise.")
def command(people: int, months: int, seed: int, no_serve: bool, port: int | None) -> None:
    """Load the demo firm, once, and serve it until Ctrl-C.

    \b
    Example:
      workledger demo --port 8080
    """
    config = boot.current().config
    if config.is_production:
        raise MachineProblem(
            "The demo firm is never loaded in production. Set WORKLEDGER_ENV=demo, with a database of its own."
        )
    if not no_serve:
        ports.check_free(config.host, port or config.port)  # before minutes of loading, not after
    progress = Progress()
    load_demo(people=people, months=months, seed=seed, today=timezone.localdate(), progress=progress)
    progress.close()
    say("Sign in as one of:")
    for line in table([(row.email, row.password, row.role, row.name) for row in sign_ins()]):
        say(f"  {line}")
    if not no_serve:
        serve(host=None, port=port, workers=None)
