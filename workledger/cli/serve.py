"""``workledger serve``: the pages, the API and the jobs, until Ctrl-C."""

import click

from workledger.cli import boot
from workledger.cli.output import say
from workledger.runtime import ports, staticfiles, supervisor


def serve(*, host: str | None, port: int | None, workers: int | None, with_worker: bool = True) -> None:
    """Serve with what is named, else with what the environment says. Returns when asked to stop."""
    session = boot.current()
    config = session.config
    plan = supervisor.Plan(
        host=host or config.host,
        port=port or config.port,
        workers=workers or config.web_workers,
        threads=config.web_threads,
        cluster=session.cluster,
        with_worker=with_worker,
    )
    ports.check_free(plan.host, plan.port)
    staticfiles.collect_if_changed()
    say(f"Workledger answers at {address(plan.host, plan.port)}. Ctrl-C stops it.")
    supervisor.run(plan)
    say("Stopped.")


def address(host: str, port: int) -> str:
    """What to type into a browser on this machine."""
    everywhere = host in {"127.0.0.1", "0.0.0.0", "::", "::1", "localhost"}  # noqa: S104 - compared, not bound
    return f"http://{'localhost' if everywhere else host}:{port}"


@click.command("serve")
@click.option("--host", help="Address to listen on; WORKLEDGER_HOST otherwise.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; WORKLEDGER_PORT otherwise.")
@click.option("--workers", type=click.IntRange(1), help="Web processes; WORKLEDGER_WEB_WORKERS otherwise.")
@click.option("--worker/--no-worker", "with_worker", default=True, help="Also run the job worker here.")
def command(host: str | None, port: int | None, workers: int | None, with_worker: bool) -> None:
    """Serve the pages and run the jobs until Ctrl-C.

    \b
    Example:
      workledger serve --port 8080
    """
    serve(host=host, port=port, workers=workers, with_worker=with_worker)
