"""How static files are named, and collecting them when they changed."""

import hashlib
import shutil
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

import workledger
from workledger.runtime.problems import explain_os_error

STAMP = "collected.txt"


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # no types there
    """Names carry a hash of the content, also inside ES modules, so browsers may keep files for ever."""

    support_js_module_import_aggregation = True


def collect_if_changed() -> bool:
    """Collect the static files unless those collected last are these; tell whether anything was done.

    The stamp is written last, so an interrupted collection is done again. Raises MachineProblem.
    """
    if settings.STORAGES["staticfiles"]["BACKEND"] != f"{__name__}.{HashedStaticFiles.__name__}":
        return False
    root = Path(settings.STATIC_ROOT)
    wanted = _fingerprint()
    try:
        if (root / STAMP).is_file() and (root / STAMP).read_text() == wanted:
            return False
        if root.exists():
            shutil.rmtree(root)
        root.mkdir(parents=True)
        call_command("collectstatic", verbosity=0, interactive=False)
        (root / STAMP).write_text(wanted)
    except OSError as error:
        raise explain_os_error(error, f"Collecting static files in {root}")
    return True


def _fingerprint() -> str:
    digest = hashlib.sha256(workledger.__version__.encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name}|{found.st_size}|{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
