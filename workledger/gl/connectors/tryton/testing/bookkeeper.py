"""What a person does in Tryton, by the same wizards that the buttons there start."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from workledger.gl.connectors.tryton.refs import INVOICE, LINE, MOVE, number_of
from workledger.gl.connectors.tryton.testing import firm
from workledger.gl.connectors.tryton.wire import Record, Wire


class Bookkeeper:
    """Somebody who works in Tryton."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def pay(
        self, invoice: str, amount: Decimal, on: date, *, method: str = "Bank", kind: str = "partial"
    ) -> None:
        """Press Pay on an invoice. What is less or more than is open is a `partial` payment, or `overpayment`."""
        methods = self.wire.find("account.invoice.payment.method", [("name", "=", method)], ["name"])
        number = number_of(invoice, INVOICE)
        self._run(
            "account.invoice.pay",
            INVOICE,
            [number],
            ["start", "choice", "pay"],
            {
                "start": {
                    "amount": amount,
                    "date": on,
                    "payment_method": methods[0]["id"],
                    "description": "Transfer",
                },
                "ask": {"type": kind},
            },
        )

    def cancel_move(self, move_id: int) -> None:
        """Free a move from what it was reconciled with, then cancel it by its opposite."""
        lines = self.wire.find(LINE, [("move", "=", move_id), ("reconciliation", "!=", None)], ["move"])
        if lines:
            ids = [row["id"] for row in lines]
            self.wire.run_wizard("account.move.unreconcile_lines", "unreconcile", LINE, ids)
        default = {"description": "Bounced", "reversal": True}
        self._run("account.move.cancel", MOVE, [move_id], ["default", "cancel"], {"default": default})

    def book(self, description: str, on: date, sides: Sequence[tuple[str, Decimal, Record]]) -> list[Record]:
        """Book a move by hand: accounts, debits (a credit is negative), and what else stands there. Returns its lines."""
        accounts = {row["code"]: row["id"] for row in self.wire.find("account.account", [], ["code"])}
        periods = [("start_date", "<=", on), ("end_date", ">=", on)]
        move = self.wire.create(
            MOVE,
            {
                "journal": self.wire.find("account.journal", [("code", "=", "MISC")], ["code"])[0]["id"],
                "period": self.wire.find("account.period", periods, ["name"])[0]["id"],
                "date": on,
                "description": description,
                "lines": [
                    (
                        "create",
                        [
                            {
                                "account": accounts[code],
                                "debit": max(debit, Decimal(0)),
                                "credit": max(-debit, Decimal(0)),
                                **more,
                            }
                            for code, debit, more in sides
                        ],
                    )
                ],
            },
        )
        self.wire.call("model.account.move.post", [move])
        return self.wire.find(LINE, [("move", "=", move)], ["account.code", "party", "debit", "credit"])

    def open_taxes(self, names: Iterable[str], account: str = "2100") -> None:
        """Open a tax of each name on an account, as far as they are missing; the rate is of no concern to the connector."""
        accounts = self.wire.find("account.account", [("code", "=", account)], ["code"])
        known = {row["name"] for row in self.wire.find("account.tax", [], ["name"])}
        for name in sorted(set(names) - known):
            self.wire.create(
                "account.tax", firm.tax_values(self.wire.context["company"], name, "0", accounts[0]["id"])
            )

    def reconcile(self, lines: Sequence[int]) -> None:
        """Mark lines and press Reconcile."""
        self.wire.run_wizard("account.move.reconcile_lines", "start", LINE, lines)

    def _run(
        self, name: str, model: str, ids: Sequence[int], states: Sequence[str], answers: dict[str, Record]
    ) -> None:
        """Go through a wizard's states, filling each form with its defaults and the answers."""
        session, *_ = self.wire.call(f"wizard.{name}.create")
        context = {"active_model": model, "active_id": ids[0], "active_ids": list(ids)}
        data: dict[str, Any] = {}
        for state in states:
            result = self.wire.call(f"wizard.{name}.execute", session, data, state, context=context)
            view = result.get("view")
            if not view:
                break
            form = view["state"]
            defaults = {field: value for field, value in view.get("defaults", {}).items() if "." not in field}
            data[form] = {**defaults, **answers.get(form, {})}
        self.wire.call(f"wizard.{name}.delete", session)
