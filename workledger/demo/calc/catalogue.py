"""What each practice sells: kinds of projects, their phases and tasks, and the words of their notes."""

from dataclasses import dataclass

from workledger.demo.calc.people import CHANGE, CLOUD, DATA


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A task as offered: what it is called, its type on rate cards, what people write about it."""

    name: str
    task_type: str
    english: tuple[str, ...]
    german: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProjectKind:
    """A kind of project of one practice, with titles and phases of tasks."""

    practice_index: int
    titles: tuple[str, ...]
    phases: tuple[tuple[str, tuple[TaskKind, ...]], ...]


def _task(name: str, task_type: str, english: str, german: str) -> TaskKind:
    return TaskKind(name, task_type, tuple(english.split("; ")), tuple(german.split("; ")))


MANAGEMENT = _task(
    "Project management",
    "management",
    "Status report; Steering committee prep; Weekly sync with client lead; Risk log and budget review; "
    "Resource planning; Replanned the next sprint; Follow-up on open points; Minutes of the steering meeting",
    "Statusbericht; Vorbereitung Lenkungsausschuss; Jour fixe mit Projektleitung Kunde; Budget und Risiken "
    "durchgegangen; Abstimmung Ressourcen; Protokoll Lenkungskreis",
)
ONBOARDING = _task(
    "Team onboarding (not charged)",
    "onboarding",
    "Handover from previous colleague; Read into the documentation; Access and laptop set-up",
    "Einarbeitung; Übergabe; Zugänge und Rechner eingerichtet",
)
WARRANTY = _task(
    "Warranty fixes (not charged)",
    "warranty",
    "Fixed defect from acceptance; Corrected our own mapping mistake; Rework after go-live, ours to bear",
    "Mangel aus Abnahme behoben; Nacharbeit in Gewährleistung",
)

_REQUIREMENTS = _task(
    "Requirements workshops",
    "analysis",
    "Workshop on reporting needs; Interview with controlling; Wrote up workshop results; Prioritised the backlog; "
    "Clarified open questions on scope; User stories refined",
    "Workshop Anforderungen; Interview Controlling; Workshop nachbereitet; Backlog priorisiert",
)
_SOURCES = _task(
    "Source analysis",
    "analysis",
    "Profiled the order tables; Checked keys in the CRM extract; Data quality findings documented; "
    "Compared SAP and warehouse totals; Mapped customer master fields",
    "Quelltabellen analysiert; Datenqualität geprüft; Abgleich SAP gegen DWH; Mapping Kundenstamm",
)
_MODEL = _task(
    "Data model",
    "engineering",
    "Designed the sales fact; Reworked the customer dimension; Review of the core model; "
    "History for price conditions; Naming conventions agreed",
    "Kernmodell überarbeitet; Dimension Kunde historisiert; Review Datenmodell; Faktentabelle Absatz entworfen",
)
_PIPELINES = _task(
    "Pipelines",
    "engineering",
    "Incremental load for invoices; Fixed nightly load failure; dbt models for stock; Unit tests for transformations; "
    "Backfill of 2023 figures; Tuned the slow merge; Code review; Orchestration and alerts",
    "Nachtlauf repariert; Inkrementelle Beladung Belege; Tests für Transformationen; Historie nachgeladen; "
    "Performance Merge verbessert",
)
_DASHBOARDS = _task(
    "Dashboards",
    "engineering",
    "Margin dashboard, first version; Filters and drill-through; Feedback from sales built in; "
    "Row level security; Layout after user test; Figures reconciled with finance",
    "Dashboard Deckungsbeitrag; Rückmeldung Vertrieb eingearbeitet; Berechtigungen; Zahlen mit Finance abgestimmt",
)
_FORECAST = _task(
    "Forecast model",
    "data science",
    "Feature work on promotions; Backtest against last season; Model comparison; Explained outliers to planners; "
    "Retrained with May data; Notebook cleaned up for handover",
    "Backtest Vorsaison; Merkmale Aktionen; Modellvergleich; Ausreißer mit Planung besprochen",
)
_DATA_ROLLOUT = _task(
    "Training and rollout",
    "enablement",
    "Key user training; Prepared training data; Office hours after go-live; Rollout to second site",
    "Schulung Key User; Unterlagen vorbereitet; Sprechstunde nach Go-live",
)
_GOVERNANCE = _task(
    "Data governance",
    "analysis",
    "Glossary of measures; Ownership matrix; Catalogue set-up; Workshop on data owners",
    "Kennzahlenglossar; Verantwortliche geklärt; Datenkatalog aufgebaut",
)

_ASSESS = _task(
    "Assessment",
    "analysis",
    "Inventory of workloads; Cost baseline; Interviewed the operations team; Findings presented; "
    "Dependency map for batch jobs",
    "Bestandsaufnahme; Kostenbasis ermittelt; Interview Betrieb; Ergebnisse vorgestellt",
)
_LANDING = _task(
    "Landing zone",
    "engineering",
    "Network peering; Terraform modules for accounts; Policy baseline; Identity federation; "
    "Fixed drift in staging; Review with security",
    "Netzwerk und Peering; Terraform-Module; Richtlinien; Anbindung Identity Provider; Review mit IT-Sicherheit",
)
_MIGRATE = _task(
    "Migration waves",
    "engineering",
    "Wave 2 cutover rehearsal; Moved the file service; Database migration dry run; Rollback plan; "
    "Smoke tests after cutover; DNS switch; Cleaned up old hosts",
    "Generalprobe Welle 2; Dateidienst umgezogen; Probelauf Datenbankmigration; Rollback-Plan; Test nach Umzug",
)
_CLUSTER = _task(
    "Container platform",
    "engineering",
    "Cluster upgrade; Ingress and certificates; Helm charts for billing service; Node autoscaling; "
    "Investigated memory pressure; GitOps repository set up",
    "Cluster-Update; Zertifikate; Helm-Charts; Speicherproblem untersucht; GitOps aufgesetzt",
)
_PIPE_CI = _task(
    "Delivery pipeline",
    "engineering",
    "Build time halved; Flaky integration tests; Release workflow; Image scanning; Pairing with client developers",
    "Build beschleunigt; Instabile Tests; Release-Ablauf; Pairing mit Entwicklung",
)
_OBSERVE = _task(
    "Monitoring and runbooks",
    "engineering",
    "Alert rules reviewed; Dashboards for on-call; Runbook for restore; Log retention; Restore test",
    "Alarme überarbeitet; Runbook Wiederherstellung; Restore-Test; Dashboards Bereitschaft",
)
_SECURITY = _task(
    "Security hardening",
    "security",
    "Findings of the pen test; Secrets rotation; Privileged access concept; Evidence for the audit",
    "Befunde Pentest; Geheimnisse rotiert; Berechtigungskonzept; Nachweise für Audit",
)
_SUPPORT = _task(
    "Second level support",
    "support",
    "Ticket backlog; Incident on Tuesday night, root cause; Call with operations; Patched and restarted; "
    "Change prepared; Certificate renewed",
    "Tickets; Störung analysiert; Telefonat Betrieb; Patch eingespielt; Change vorbereitet",
)

_STAKEHOLDERS = _task(
    "Stakeholder analysis",
    "analysis",
    "Interviews plant managers; Impact map; Works council prep; Summary for the board; Survey evaluated",
    "Interviews Werksleitung; Vorbereitung Betriebsrat; Zusammenfassung Vorstand; Umfrage ausgewertet",
)
_PROCESS = _task(
    "Process design",
    "analysis",
    "Target process order to cash; Walkthrough with dispatch; Swimlanes reworked; Variants per site; "
    "Approval matrix drafted; Fit-gap with the ERP team",
    "Sollprozess Auftragsabwicklung; Durchsprache Disposition; Varianten je Standort; Fit-Gap mit ERP-Team",
)
_OPERATING = _task(
    "Operating model",
    "advisory",
    "Span of control analysis; Role profiles; Cost model scenario B; Options paper; Sparring with COO",
    "Rollenprofile; Kostenmodell Szenario B; Entscheidungsvorlage; Sparring mit Geschäftsführung",
)
_TRAINING = _task(
    "Training",
    "enablement",
    "Ran training, 14 participants; Material for shift leads; E-learning script; Train the trainer; Evaluated feedback",
    "Schulung durchgeführt; Unterlagen Schichtleitung; Feedback ausgewertet; Multiplikatoren vorbereitet",
)
_COMMUNICATION = _task(
    "Communication",
    "enablement",
    "Newsletter; Town hall slides; Q&A collected; Video script with HR; Story for the intranet",
    "Newsletter; Folien Betriebsversammlung; Fragen gesammelt; Intranet-Beitrag",
)
_PMO = _task(
    "Programme office",
    "management",
    "Milestone tracking; Dependency board; Budget forecast; Report to sponsor; Prepared gate review",
    "Meilensteine verfolgt; Abhängigkeiten; Budgetprognose; Bericht an Auftraggeber; Gate vorbereitet",
)
_LEAN = _task(
    "Shop floor improvement",
    "advisory",
    "Time study line 3; Kaizen event; Layout sketch; 5S audit; Shift handover board; Checked savings with controlling",
    "Zeitaufnahme Linie 3; Kaizen; Layout skizziert; 5S-Audit; Einsparung mit Controlling geprüft",
)
_HYPERCARE = _task(
    "Go-live support",
    "support",
    "On site, first week; Daily stand-up; Issue list triage; Floor walking; Closed the last findings",
    "Vor Ort, erste Woche; Tägliche Runde; Fehlerliste sortiert; Letzte Punkte geschlossen",
)

PROJECT_KINDS: tuple[ProjectKind, ...] = (
    ProjectKind(
        DATA,
        ("Data warehouse", "Finance reporting", "Group reporting", "Data platform"),
        (
            ("Analysis", (_REQUIREMENTS, _SOURCES)),
            ("Build", (_MODEL, _PIPELINES, _DASHBOARDS)),
            ("Rollout", (_DATA_ROLLOUT, _GOVERNANCE)),
        ),
    ),
    ProjectKind(
        DATA,
        ("Demand forecast", "Price analytics", "Churn prediction", "Maintenance prediction"),
        (
            ("Discovery", (_REQUIREMENTS, _SOURCES)),
            ("Modelling", (_FORECAST, _PIPELINES)),
            ("Operation", (_DASHBOARDS, _DATA_ROLLOUT)),
        ),
    ),
    ProjectKind(
        DATA,
        ("Sales dashboards", "Data governance", "Customer master data"),
        (("Concept", (_REQUIREMENTS, _GOVERNANCE)), ("Realisation", (_MODEL, _DASHBOARDS))),
    ),
    ProjectKind(
        CLOUD,
        ("Cloud migration", "Data centre exit", "Move to managed databases"),
        (
            ("Assess", (_ASSESS,)),
            ("Foundation", (_LANDING, _SECURITY)),
            ("Migrate", (_MIGRATE, _OBSERVE, _PIPE_CI)),
            ("Operate", (_SUPPORT,)),
        ),
    ),
    ProjectKind(
        CLOUD,
        ("Container platform", "Developer platform", "Platform modernisation"),
        (
            ("Concept", (_ASSESS, _LANDING)),
            ("Build", (_CLUSTER, _PIPE_CI, _SECURITY)),
            ("Handover", (_OBSERVE, _SUPPORT)),
        ),
    ),
    ProjectKind(
        CLOUD,
        ("Platform operations", "Second level support", "Security hardening"),
        (("Run", (_SUPPORT, _OBSERVE)), ("Improve", (_SECURITY, _CLUSTER))),
    ),
    ProjectKind(
        CHANGE,
        ("ERP introduction, change", "Order process redesign", "Warehouse reorganisation"),
        (
            ("Understand", (_STAKEHOLDERS, _PROCESS)),
            ("Design", (_OPERATING, _COMMUNICATION)),
            ("Anchor", (_TRAINING, _HYPERCARE)),
        ),
    ),
    ProjectKind(
        CHANGE,
        ("Programme office", "Merger integration", "Site relocation"),
        (
            ("Set-up", (_PMO, _STAKEHOLDERS)),
            ("Delivery", (_PROCESS, _COMMUNICATION)),
            ("Close", (_HYPERCARE,)),
        ),
    ),
    ProjectKind(
        CHANGE,
        ("Production excellence", "Shared services", "Service desk reorganisation"),
        (("Diagnose", (_LEAN, _STAKEHOLDERS)), ("Implement", (_LEAN, _OPERATING, _TRAINING))),
    ),
)

# The firm's own projects: name, then phases of tasks.
INTERNAL_PROJECTS: tuple[tuple[str, tuple[tuple[str, tuple[TaskKind, ...]], ...]], ...] = (
    (
        "Internal",
        (
            (
                "Meetings",
                (
                    _task(
                        "Team meetings",
                        "internal",
                        "Practice meeting; Monday round; One-on-one; Retro; All hands",
                        "Teamrunde; Montagsrunde; Mitarbeitergespräch; Bereichsmeeting",
                    ),
                    _task(
                        "Practice development",
                        "internal",
                        "Reference architecture; Blog article; Reusable templates; Lessons learned session",
                        "Referenzarchitektur; Vorlagen überarbeitet; Fachartikel",
                    ),
                ),
            ),
            (
                "Administration",
                (
                    _task(
                        "Administration",
                        "internal",
                        "Travel expenses; Mail and calendar; Timesheet; Laptop exchange",
                        "Reisekosten; Ablage; Zeiterfassung; Mails",
                    ),
                    _task(
                        "Finance and controlling",
                        "internal",
                        "Monthly close; Incoming invoices; Payroll prep; Dunning list; Bank reconciliation",
                        "Monatsabschluss; Eingangsrechnungen; Vorbereitung Lohn; Mahnliste; Bankabgleich",
                    ),
                    _task(
                        "Recruiting and HR",
                        "internal",
                        "Interview; CV screening; Onboarding plan; Feedback round",
                        "Vorstellungsgespräch; Bewerbungen gesichtet; Einarbeitungsplan",
                    ),
                    _task(
                        "Office and IT",
                        "internal",
                        "Licences; New starters' equipment; Office move; Supplier calls",
                        "Lizenzen; Ausstattung Neue; Lieferanten; Empfang",
                    ),
                ),
            ),
        ),
    ),
    (
        "Learning",
        (
            (
                "Learning",
                (
                    _task(
                        "Training and certification",
                        "internal",
                        "Certification course; Exam prep; Internal tech talk; Conference; Study time",
                        "Zertifizierung; Schulung; Fachvortrag intern; Selbststudium",
                    ),
                    _task(
                        "Mentoring",
                        "internal",
                        "Mentoring; Pairing with a new colleague; Career talk",
                        "Mentoring; Patengespräch",
                    ),
                ),
            ),
        ),
    ),
    (
        "Presales",
        (
            (
                "Presales",
                (
                    _task(
                        "Proposals",
                        "presales",
                        "Proposal, approach and effort; Pricing; Reference slides; Proposal review",
                        "Angebot: Vorgehen und Aufwand; Kalkulation; Referenzen; Angebotsreview",
                    ),
                    _task(
                        "Client meetings",
                        "presales",
                        "First meeting; Pitch rehearsal; Follow-up call; Lunch with prospect",
                        "Erstgespräch; Pitch geübt; Nachfassen",
                    ),
                    _task(
                        "Tenders",
                        "presales",
                        "Tender documents; Questions to the contracting authority; Forms and proofs",
                        "Vergabeunterlagen; Bieterfragen; Nachweise zusammengestellt",
                    ),
                ),
            ),
        ),
    ),
)

ENGLISH_CONTEXT = (
    "",
    "",
    "",
    "",
    "with client team",
    "after review",
    "part 2",
    "see ticket",
    "remote",
    "on site",
    "with {colleague}",
    "call with {client}",
    "prep",
    "follow-up",
    "first draft",
    "final version",
    "incl. documentation",
)
GERMAN_CONTEXT = (
    "",
    "",
    "",
    "",
    "mit Kunde",
    "nach Review",
    "Teil 2",
    "vor Ort",
    "remote",
    "mit {colleague}",
    "Telefonat {client}",
    "Vorbereitung",
    "inkl. Doku",
    "Entwurf",
)
