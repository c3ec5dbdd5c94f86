"""Addresses of time: the week, the timer, entries, approvals."""

from datetime import date

from django.urls import URLPattern, URLResolver, path, register_converter

from workledger.web.views import approvals, time, week


class WorkDate:
    """A day in an address: 2026-03-02."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        """Read a day; one that is none finds no page."""
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        """Write a day."""
        return value.isoformat()


register_converter(WorkDate, "work_date")

urlpatterns: list[URLPattern | URLResolver] = [
    path("week/", week.current, name="week"),
    path("week/cells", week.save_cell, name="week-cells"),
    path("week/tasks", week.tasks, name="week-tasks"),
    path("week/<work_date:monday>/", week.show, name="week-of"),
    path("week/<work_date:monday>/copy", week.copy, name="week-copy"),
    path("week/<work_date:monday>/submit", week.submit, name="week-submit"),
    path("week/<work_date:monday>/recall", week.recall, name="week-recall"),
    path("week/<work_date:monday>/tasks/<int:task_id>/", week.row, name="week-row"),
    path("timer/", week.timer, name="timer"),
    path("timer/start", week.start_timer, name="timer-start"),
    path("timer/stop", week.stop_timer, name="timer-stop"),
    path("timer/discard", week.discard_timer, name="timer-discard"),
    path("time/", time.listing, name="time"),
    path("time/export.csv", time.export, name="time-export"),
    path("time/total/", time.total, name="time-total"),
    path("time/new/", time.new, name="time-new"),
    path("time/<int:entry_id>/", time.show, name="time_entry"),
    path("time/<int:entry_id>/delete", time.delete, name="time_entry-delete"),
    path("time/lines/<int:line_id>/withdraw", time.withdraw, name="time-withdraw"),
    path("approvals/", approvals.board, name="approvals"),
    path("approvals/decide", approvals.decide, name="approval-decide"),
    path("approvals/total/<slug:what>/", approvals.total, name="approval-total"),
    path("approvals/lines/<int:line_id>/", approvals.line, name="approval-line"),
]
