"""The nouns that rooms hand each other, frozen, and the ids that they are known by.

What belongs here: values that cross a room's border, and nothing that needs a library.
What does not: how a value is read, fetched, drawn, stored or queried.
"""

from media_pipeline.model.archive import ArchivedObject, Content, Marker, Place, PlaceKind, Proof
from media_pipeline.model.errors import MediaPipelineError, SettingsError, is_of_the_one, unforeseen
from media_pipeline.model.facts import Capture, EmbeddedFile, FileFacts, VideoPdq
from media_pipeline.model.fetching import FetchAttempt, FetchedFile, FetchFailure, FetchUnchanged, Status, Validators
from media_pipeline.model.posts import (
    Candidate,
    Fault,
    ImportPartition,
    KnownBy,
    Locator,
    MediaRef,
    MediaType,
    Observation,
    Post,
    Record,
    Relation,
    Role,
    Sighting,
    media_id_of,
    post_id_of,
    short_id,
)
from media_pipeline.model.reasons import Reason
from media_pipeline.model.renditions import Crop, PictureFormat, Recipe, RenderedFile, RenditionKind
from media_pipeline.model.reports import Column, ColumnKind, Report, WrittenFile

__all__ = [
    "ArchivedObject",
    "Candidate",
    "Capture",
    "Column",
    "ColumnKind",
    "Content",
    "Crop",
    "EmbeddedFile",
    "Fault",
    "FetchAttempt",
    "FetchFailure",
    "FetchUnchanged",
    "FetchedFile",
    "FileFacts",
    "ImportPartition",
    "KnownBy",
    "Locator",
    "Marker",
    "MediaPipelineError",
    "MediaRef",
    "MediaType",
    "Observation",
    "PictureFormat",
    "Place",
    "PlaceKind",
    "Post",
    "Proof",
    "Reason",
    "Recipe",
    "Record",
    "Relation",
    "RenderedFile",
    "RenditionKind",
    "Report",
    "Role",
    "SettingsError",
    "Sighting",
    "Status",
    "Validators",
    "VideoPdq",
    "WrittenFile",
    "is_of_the_one",
    "media_id_of",
    "post_id_of",
    "short_id",
    "unforeseen",
]
