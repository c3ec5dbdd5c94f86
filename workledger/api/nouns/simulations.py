"""What terms come to over time: asked with a body, and nothing is written."""

from django.http import HttpRequest

from workledger.api.edge import actor_of
from workledger.api.routes import ask
from workledger.api.wire import list_of, shown
from workledger.billing import simulated, simulating
from workledger.core.access import Permission

shown(simulated.PostedAccount)
shown(simulated.PostedAct)
shown(simulated.InvoiceLineFound, "SimulatedInvoiceLine")
shown(simulated.InvoiceFound, "SimulatedInvoice")
shown(simulated.StatementRow, "SimulatedStatementRow")
shown(simulated.StatementFound, "SimulatedStatement")
shown(simulated.PeriodFound, "SimulatedPeriod")
_SIMULATION = shown(simulated.SimulationFound, "Simulation")


@ask(
    "/simulations", list_of(_SIMULATION), simulating.SimulationInput, Permission.VIEW_BILLING,
    tag="Simulations", name="simulate", summary="Simulate terms over time",
)  # fmt: skip
def simulate(request: HttpRequest, asked: simulating.SimulationInput) -> list[simulated.SimulationFound]:
    """Bill terms of a contract, saved or not, month by month over assumed, past or given time; up to three variants.

    Nothing is written. Each variant comes with its periods: invoice with lines, WIP, over cap, statements, postings.
    """
    return simulating.simulations(actor_of(request), asked)
