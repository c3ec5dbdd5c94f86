"""Where the evidence of milestones is kept."""

from workledger.billing.models import MilestoneFile
from workledger.core.files import Shelf

MILESTONE_FILES = Shelf(
    folder="milestones",
    what="evidence",
    field="file",
    unfit="not_a_document",
    is_held=lambda name: MilestoneFile.objects.filter(file=name).exists(),
)
