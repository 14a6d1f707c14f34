"""Every setting once, in the class of its group: a field's name in capitals is its name in the environment or ``.env``.

What belongs here: names, types, defaults, limits and what each is for, a module for each group. What does not: any use
of them.
"""

from media_pipeline.settings.group import GIGABYTE, MEGABYTE
from media_pipeline.settings.loading import GROUPS, Settings, SettingsError, load_settings, names_of, shown

__all__ = ["GIGABYTE", "GROUPS", "MEGABYTE", "Settings", "SettingsError", "load_settings", "names_of", "shown"]
