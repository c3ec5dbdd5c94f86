"""Tryton 8.2 as the general ledger: parties, customer invoices and account moves by its JSON-RPC.

Others know `KIND` only, and by it `TrytonConnector`, which meets `workledger.gl.connector.Connector`. docs/connectors/tryton.md
is for those who set it up.

- `wire`: calls and values on the line; `books`: what the company there looks like, looked up once.
- `values`: the records as Tryton takes them, pure; `parties`, `invoices`, `moves`: what makes them; `owed`: how they settle.
- `changes`: what people did there; `balances`: what the books there come to; `connector`: the front.
"""

from workledger.gl.connectors.tryton.connector import opened
from workledger.gl.registry import ConnectorKind, SettingField

KIND = ConnectorKind(
    name="tryton",
    label="Tryton",
    fields=[
        SettingField("url", "Address", "Where Tryton is reached, such as https://tryton.example.com."),
        SettingField("database", "Database"),
        SettingField(
            "user", "User", "A user of its own: what any other user does there counts as a change by people."
        ),
        SettingField("password", "Password", is_secret=True, default="TRYTON_PASSWORD"),
        SettingField(
            "company", "Company", "Its name in Tryton, where the user works for several.", is_required=False
        ),
        SettingField(
            "line_account",
            "Account of invoice lines",
            "An account of revenue that lines of invoices show there, since Tryton allows no other; it always comes to nothing.",
        ),
        SettingField("invoice_journal", "Journal of invoices", "Its code in Tryton.", default="REV"),
        SettingField("payment_journal", "Journal of payments", "Its code in Tryton.", default="CASH"),
        SettingField("write_off_journal", "Journal of write-offs", "Its code in Tryton.", default="MISC"),
        SettingField("general_journal", "Journal of everything else", "Its code in Tryton.", default="MISC"),
    ],
    open=opened,
)
