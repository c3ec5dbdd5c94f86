"""How collected static files are named and served."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Names carry a hash of the content, also inside ES modules, so browsers may keep files for ever."""

    support_js_module_import_aggregation = True
