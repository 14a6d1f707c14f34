"""Settings of where things are: store, catalogue, exports, Dagster's own folder."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from pydantic import Field

from media_pipeline.settings.group import SettingsGroup


class Places(SettingsGroup):
    """Where things are."""

    title = "Where things are"

    media_storage_path: Path = Field(
        Path("data"),
        description="The store is this folder: originals, renditions, quarantine, reports and the embedded catalogue "
        "lie in it.",
    )
    media_catalog_url: str = Field(
        "",
        description="The catalogue is the database at this SQLAlchemy URL. Empty: it is SQLite's file "
        "`catalog.sqlite` in the store.",
    )
    media_import_path: Path = Field(
        Path("imports"),
        description="Exports are looked for in this folder, laid out as `<platform>/<YYYY-MM-DD>/…`.",
    )
    media_base_url: str = Field(
        "",
        description="Links in reports begin with this address, under which a web server shows the store. Empty: "
        "reports have no links.",
    )
    media_public: bool = Field(
        False,
        description="True: every user of the machine can read media files (modes 0644 and 0755), as a web server "
        "needs. False: their owner alone can (0600 and 0700).",
    )
    dagster_home: str = Field(
        "",
        description="Dagster keeps its history in this folder. Empty: it is `dagster` in the store, with the "
        "project's dagster.yaml.",
    )

    @property
    def storage_path(self) -> Path:
        """The storage folder, absolute."""
        return self.media_storage_path.expanduser().resolve()

    @property
    def import_path(self) -> Path:
        """The folder of exports, absolute."""
        return self.media_import_path.expanduser().resolve()

    @property
    def catalog_url(self) -> str:
        """The catalogue's URL with the default filled in; :mod:`media_pipeline.catalog` normalises the driver."""
        # Quoted: in a URL the path would end at a question mark.
        return self.media_catalog_url or f"sqlite:///{quote(str(self.storage_path / 'catalog.sqlite'))}"
