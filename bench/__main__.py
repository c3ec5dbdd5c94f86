"""``python -m bench``: measure and print."""

import argparse
import json
import platform
import sys
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import psutil

from bench import processes
from bench.engine import Engine, scratch
from bench.table import Aim, table

GROUPS = ("acts", "exports", "models", "pages", "million", "process", "simulate", "revenue")
SIMULATED = (20_000, 240_000)
OBLIGATIONS = 5_000
FAR = "9999-12-31"
MILLION = 1_000_000
Found = dict[str, Any]


@dataclass
class Results:
    """What was found, by name."""

    machine: str
    entries: int
    acts: dict[str, Found] = field(default_factory=dict)
    models: dict[str, Found] = field(default_factory=dict)
    plain: dict[str, Found] = field(default_factory=dict)
    pages: dict[int, Found] = field(default_factory=dict)
    reports: dict[int, Found] = field(default_factory=dict)
    exports: dict[int, dict[str, Found]] = field(default_factory=dict)
    process: dict[str, Found] = field(default_factory=dict)
    simulations: list[Found] = field(default_factory=list)
    revenue: dict[str, Found] = field(default_factory=dict)


def main() -> None:
    """Measure what is asked for."""
    options = _options()
    began = time.monotonic()
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    results = Results(
        f"{cores} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}",
        options.entries,
    )
    with scratch() as engine:
        _say("Preparing a cluster of its own")
        engine.database("empty")
        engine.measure("empty", "prepare")
        if options.groups & {"acts", "exports", "pages", "process"}:
            _load(engine, "firm", options.entries)
        if "acts" in options.groups:
            _acts(engine, results)
        if "models" in options.groups:
            _models(engine, results)
        if options.groups & {"exports", "pages"}:
            _past(engine, "firm", results, options.entries, options.groups)
        if "process" in options.groups:
            _process(engine, results)
        if "simulate" in options.groups:
            _say("Simulations")
            results.simulations = [engine.measure("empty", "simulations", entries=each) for each in SIMULATED]
        if "revenue" in options.groups:
            _revenue(engine, results, options)
        for name in ("firm", "approved", "issued"):
            engine.drop(name)
        if "million" in options.groups:
            _load(engine, "million", MILLION)
            _past(engine, "million", results, MILLION, options.groups | {"pages"})
    if options.install:
        _say("Installing into an empty folder")
        results.process["install"] = processes.install()
    seconds = time.monotonic() - began
    if options.json:
        sys.stdout.write(f"{json.dumps(vars(results), indent=2, default=str)}\n")
    else:
        sys.stdout.write(_report(results, seconds))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000, help="time entries of the firm (100000)")
    parser.add_argument("--only", default="", help=f"some of {','.join(GROUPS)}, separated by commas")
    parser.add_argument(
        "--million", action=argparse.BooleanOptionalAction, default=True, help="pages at a million entries"
    )
    parser.add_argument("--install", action="store_true", help="time make install into an empty folder, too")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    options = parser.parse_args()
    options.groups = set(options.only.split(",")) if options.only else set(GROUPS)
    if unknown := options.groups - set(GROUPS):
        parser.error(f"--only knows {', '.join(GROUPS)}, not {', '.join(sorted(unknown))}")
    if not options.million:
        options.groups.discard("million")
    return options


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _load(engine: Engine, name: str, entries: int) -> None:
    _say(f"Loading {entries:,} entries")
    engine.database(name, template="empty")
    engine.measure(name, "load", entries=entries)


def _acts(engine: Engine, results: Results) -> None:
    """Each act on a fresh copy of what it starts from, beside plain SQL on another copy."""
    acts, plain = results.acts, results.plain
    today = date.today().isoformat()
    for name, base, where, act in (
        ("copy", "firm", plain, "plain_copy"),
        ("bill", "", plain, "plain_bill"),
        ("approve", "firm", plain, "plain_approve"),
    ):
        _say(f"Plain SQL: {name}")
        if base:
            engine.database("plain", template=base)
        where[name] = engine.measure("plain", act)
    engine.drop("plain")
    _say("Import")
    engine.database("unbooked", template="empty")
    file = str(engine.home / "time.csv")
    engine.measure("unbooked", "load_without_time", entries=results.entries, file=file)
    acts["import"] = engine.measure("unbooked", "import", file=file)
    engine.drop("unbooked")
    _say("Approval")
    engine.database("approved", template="firm")
    acts["approve"] = engine.measure("approved", "approve", through=FAR)
    engine.measure("approved", "analyze")
    for name in ("draft", "issue"):
        _say(f"Bill run: {name}")
        engine.database("issued", template="approved")
        acts[name] = engine.measure("issued", name, through=today)
    _say("PDFs")
    acts["pdfs"] = engine.measure("issued", "pdfs")


def _models(engine: Engine, results: Results) -> None:
    """The same time over 500 contracts, all time and materials and then ten models in turn."""
    _say("Pricing with every step")
    results.models["price"] = engine.measure("empty", "price", entries=results.entries)
    for name, mixed in (("plain", False), ("mixed", True)):
        _say(f"500 contracts: {name}")
        engine.database("models", template="empty")
        engine.measure("models", "load", entries=results.entries, contracts=500, mixed=mixed)
        approved = engine.measure("models", "approve", through=FAR)
        engine.measure("models", "analyze")
        issued = engine.measure("models", "issue", through=date.today().isoformat())
        results.models[f"{name} approval"], results.models[f"{name} run"] = approved, issued
    results.models["pdfs"] = engine.measure("models", "pdfs")
    engine.drop("models")


def _past(engine: Engine, name: str, results: Results, entries: int, groups: set[str]) -> None:
    _say(f"A past for {entries:,} entries: approved and billed until last month")
    last_month = date.today().replace(day=1) - timedelta(days=1)
    if name == "firm":
        engine.database("past", template="firm")
        name = "past"
    engine.measure(name, "history", through=last_month.isoformat())
    if "pages" in groups:
        _say(f"Pages at {entries:,} entries")
        results.pages[entries] = engine.measure(name, "pages")
        _say(f"Financial reports at {entries:,} entries")
        results.reports[entries] = engine.measure(name, "reports")
    if "exports" in groups:
        _say(f"Exports at {entries:,} entries")
        results.exports[entries] = _exports(engine, name)
    engine.drop(name)


def _exports(engine: Engine, name: str) -> dict[str, Found]:
    file = str(engine.home / "journal")
    found = {"copy": engine.measure(name, "plain_export", file=file)}
    for form in ("csv", "hledger", "beancount", "iif", "xero"):
        found[form] = engine.measure(name, "export", form=form, file=file)
    for form in ("hledger", "iif"):
        found[f"{form} by period"] = engine.measure(name, "export", form=form, file=file, grain="period")
    return found


def _revenue(engine: Engine, results: Results, options: argparse.Namespace) -> None:
    """Recognition over a price: a whole past, a month, and a run that finds nothing new."""
    entries = MILLION if options.million else options.entries
    obligations = OBLIGATIONS if options.million else OBLIGATIONS * entries // MILLION
    _say(f"Loading {entries:,} entries on {obligations:,} obligations, approved")
    engine.database("recognized", template="empty")
    engine.measure("recognized", "load_obligations", entries=entries, obligations=obligations)
    _say("Recognition")
    results.revenue["run"] = engine.measure("recognized", "recognize") | {"entries": entries}
    results.revenue["read"] = engine.measure("recognized", "plain_recognition")
    engine.drop("recognized")


def _process(engine: Engine, results: Results) -> None:
    _say("Cold starts")
    engine.database("workledger", template="firm")
    with engine.stopped():
        results.process["start"] = processes.cold_start(engine)
    engine.drop("workledger")


# --- the report -------------------------------------------------------------------------------------------


def _report(results: Results, seconds: float) -> str:
    aims: list[Aim] = []
    parts = [f"\nWorkledger, measured on {results.machine}; {seconds:.0f} s in all.\n"]
    if results.acts:
        parts.append(_acts_table(results, aims))
    if results.models:
        parts.append(_models_table(results, aims))
    if results.pages:
        parts.append(_pages_table(results, aims))
        parts.append(_reports_table(results, aims))
    parts.extend(_exports_table(entries, found, aims) for entries, found in results.exports.items())
    if results.process:
        parts.append(_process_table(results))
    if results.simulations:
        parts.append(_simulations_table(results, aims))
    if results.revenue:
        parts.append(_revenue_table(results, aims))
    parts.extend(aim.line for aim in aims)
    return "\n".join(parts) + "\n"


def _acts_table(results: Results, aims: list[Aim]) -> str:
    acts, plain = results.acts, results.plain
    issued = acts["issue"]
    with_pdfs = {
        "seconds": issued["seconds"] + acts["pdfs"]["seconds"],
        "rows": issued["rows"],
        "peak_mib": acts["pdfs"]["peak_mib"],
    }
    rows = []
    for label, found, beside in (
        ("import of a file, validated", acts["import"], plain["copy"]),
        ("approval with all postings", acts["approve"], plain["approve"]),
        ("bill run to drafts", acts["draft"], plain["bill"]),
        ("bill run, issue and postings", issued, plain["bill"]),
        ("bill run, issue, postings, PDFs", with_pdfs, plain["bill"]),
    ):
        rate = found["rows"] / found["seconds"]
        rows.append(
            (label, f"{found['seconds']:.2f} s", f"{beside['seconds']:.2f} s",
             f"{found['seconds'] / beside['seconds']:.2f}", f"{rate:,.0f}", f"{found['peak_mib']} MiB")
        )  # fmt: skip
    ratio = plain["bill"]["seconds"]
    aims.append(Aim("drafts, against one SQL statement", acts["draft"]["seconds"] / ratio, 1, "x"))
    aims.append(Aim("drafts, issue and postings, likewise", issued["seconds"] / ratio, 1.5, "x"))
    rate = acts["import"]["rows"] / acts["import"]["seconds"]
    aims.append(Aim("import", rate, 20_000, "rows/s", at_least=True))
    title = (
        f"{results.entries:,} entries: {issued['invoices']} invoices of {issued['lines']:,} lines, net {float(issued['net']):,.2f}; "
        f"{acts['approve']['postings']:,} postings by the approval; {acts['pdfs']['rows']} PDFs"
    )
    heads = ("act", "Workledger", "plain SQL", "ratio", "entries/s", "peak memory")
    return table(title, heads, rows)


def _revenue_table(results: Results, aims: list[Aim]) -> str:
    found, beside = results.revenue["run"], results.revenue["read"]
    rows = [
        (label, f"{found[name]['seconds']:.2f} s", f"{beside['seconds']:.2f} s",
         f"{found[name]['seconds'] / beside['seconds']:.2f}", f"{found[name]['rows']:,}", f"{found['peak_mib']} MiB")
        for label, name in (
            ("recognition of a whole past at once", "past"),
            ("recognition of a month", "month"),
            ("again: nothing is new", "again"),
        )
    ]  # fmt: skip
    ratio = found["month"]["seconds"] / beside["seconds"]
    aims.append(Aim("recognition of a month, against SQL that reads the same rows", ratio, 3, "x"))
    aims.append(Aim("peak memory of recognition", found["peak_mib"], 1024, "MiB"))
    title = (
        f"{found['obligations']:,} obligations, {found['entries']:,} time entries over {found['months']} months;"
        f" plain SQL reads {beside['rows']:,} rows"
    )
    heads = ("act", "Workledger", "plain SQL", "ratio", "entries", "peak memory")
    return table(title, heads, rows)


def _models_table(results: Results, aims: list[Aim]) -> str:
    found = results.models
    rows = [
        (label, f"{found[name]['seconds']:.2f} s", f"{found[name]['rows']:,}",
         f"{found[name]['rows'] / found[name]['seconds']:,.0f}", f"{found[name]['peak_mib']} MiB")
        for label, name in (
            ("pricing with every step, calculation only", "price"),
            ("approval, all time and materials", "plain approval"),
            ("approval, ten models", "mixed approval"),
            ("bill run with issue, all time and materials", "plain run"),
            ("bill run with issue, ten models", "mixed run"),
            ("PDFs with e-invoices, ten models", "pdfs"),
        )
    ]  # fmt: skip
    rate = found["price"]["rows"] / found["price"]["seconds"]
    ratio = found["mixed run"]["seconds"] / found["plain run"]["seconds"]
    aims.append(Aim("pricing with every step", rate, 100_000, "entries/s", at_least=True))
    aims.append(Aim("bill run of ten models, against time and materials", ratio, 2, "x"))
    title = f"{results.entries:,} entries over 500 contracts: {found['mixed run']['invoices']} invoices of ten models"
    return table(title, ("act", "Workledger", "rows", "rows/s", "peak memory"), rows)


def _pages_table(results: Results, aims: list[Aim]) -> str:
    sizes = sorted(results.pages)
    heads = ["server time in ms"]
    for size in sizes:
        heads += [f"{size:,} median", "p95", "queries"]
    found = {size: {row["name"]: row for row in results.pages[size]["pages"]} for size in sizes}
    rows = [
        [
            name,
            *(
                str(found[size].get(name, {}).get(key, "-"))
                for size in sizes
                for key in ("median_ms", "p95_ms", "queries")
            ),
        ]
        for name in found[sizes[0]]
    ]
    bounds = {"week": 20, "save of one cell": 12, "project profitability": 40, "figures of all projects": 40}
    for size in sizes:
        for name, bound in bounds.items():
            if name in found[size]:
                aims.append(Aim(f"{name} at {size:,}", found[size][name]["median_ms"], bound, "ms"))
    missing = results.pages[sizes[0]]["missing"]
    notes = "".join(f"{name}: {why}\n" for name, why in missing.items())
    return table("Pages", heads, rows) + notes


def _reports_table(results: Results, aims: list[Aim]) -> str:
    sizes = sorted(results.reports)
    found = {size: results.reports[size]["reports"] for size in sizes}
    rows = [(name, *(f"{found[size][name]:,.1f}" for size in sizes)) for name in found[sizes[0]]]
    for size in sizes:
        ratio = found[size]["roll-forward of a month"] / found[size]["the same rows, one SQL statement"]
        aims.append(Aim(f"roll-forward at {size:,}, beside plain SQL", ratio, 3, "times"))
    heads = ["milliseconds, median", *(f"{size:,} entries" for size in sizes)]
    return table("Financial reports", heads, rows)


def _exports_table(entries: int, exports: dict[str, Found], aims: list[Aim]) -> str:
    plain = exports["copy"]
    rows = [
        (name, f"{found['seconds']:.2f} s", f"{found['seconds'] / plain['seconds']:.1f}",
         f"{plain['rows'] / found['seconds']:,.0f}", f"{found['bytes'] / 2**20:,.0f} MiB", f"{found['peak_mib']} MiB")
        for name, found in exports.items()
    ]  # fmt: skip
    aims.append(
        Aim(f"memory of an export of {plain['rows']:,} postings", exports["csv"]["peak_mib"], 250, "MiB")
    )
    title = f"Exports of {plain['rows']:,} postings, at {entries:,} time entries; copy: plain SQL of the same rows"
    return table(title, ("", "seconds", "ratio", "postings/s", "file", "peak memory"), rows)


def _simulations_table(results: Results, aims: list[Aim]) -> str:
    few = results.simulations[0]
    rows = [
        (name, *(f"{found['terms'][name]['seconds']:.2f} s" for found in results.simulations))
        for name in few["terms"]
    ]
    slowest = max(found["seconds"] for found in few["terms"].values())
    aims.append(Aim(f"twelve months of {few['entries']:,} entries simulated", slowest, 3, "s"))
    heads = ("twelve months, one core", *(f"{found['entries']:,} entries" for found in results.simulations))
    return table("Simulations", heads, rows)


def _process_table(results: Results) -> str:
    rows = []
    if start := results.process.get("start"):
        rows.append(("cold start to first page, database included", f"{start['seconds']:.2f} s"))
        rows.append((f"memory at rest, {start['processes']} processes", f"{start['own_mib']} MiB"))
        rows.append(("memory at rest, PostgreSQL", f"{start['database_mib']} MiB"))
    if install := results.process.get("install"):
        rows.append(
            (f"install ({install['packages']} packages, {install['mib']} MiB)", f"{install['seconds']:.0f} s")
        )
    return table("Process", ("", "found"), rows)


if __name__ == "__main__":
    main()
