"""The catalogue's tables, as SQLAlchemy Core sees them, the same on SQLite and PostgreSQL.

What belongs here: columns, types and indexes, each column with its meaning, each index with the question that it
answers. What does not: queries (a module a table beside this one) and changes over time (``migrations/``).
The comments are the text of ``docs/catalog.md`` too.
"""

from __future__ import annotations

import sqlalchemy as sa

from media_pipeline.catalog.columns import Digest, Id
from media_pipeline.catalog.columns import key as _key
from media_pipeline.catalog.columns import optional as _optional
from media_pipeline.catalog.columns import required as _required
from media_pipeline.catalog.readable import Candidates, EmbeddedPart, Paths, UnexplainedUrls
from media_pipeline.catalog.storable import BigInteger, Float, IndexedText, Integer, String, Text, UtcDateTime

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_REDIRECTED = sa.text("final_url_digest IS NOT NULL")

imports = sa.Table(
    "imports",
    metadata,
    _key("import_id", Digest, comment="SHA-256 of the file as it lies there"),
    _required("path", Text, comment="where it was read, below the import path"),
    _required("platform", String(32), comment="from the path"),
    _required("import_date", sa.Date, comment="from the path; with the platform: the partition"),
    _required("size", BigInteger, comment="bytes"),
    _required("posts", Integer, comment="sightings of posts in it", default=0),
    _required("media", Integer, comment="media references of posts whose latest sighting it holds", default=0),
    _required("status", String(16), comment="reading, read, faulty (some parts), failed (no post)"),
    _optional("error", Text, comment="how many parts could not be read"),
    _required("reader_version", Integer, comment="version of the platform module that read it"),
    _required("seen_at", UtcDateTime, comment="when it was first read"),
    _optional("media_urls", Integer, comment="media URLs in it, claimed or not; empty: not counted yet"),
    _optional("unexplained_urls", Integer, comment="those that no post claims and no rule explains"),
    _optional("unexplained", UnexplainedUrls, comment="these by key path: keys, count, example; the first 100"),
    # Every stage begins by asking which imports a partition holds.
    sa.Index("ix_imports_partition", "platform", "import_date"),
    comment="Contents of export files. The same bytes under two names are one import.",
)

import_files = sa.Table(
    "import_files",
    metadata,
    _key("path", IndexedText, comment="below the import path"),
    _required("size", BigInteger, comment="bytes, when it was read"),
    _required("modified_ns", BigInteger, comment="time of its last change when it was read, nanoseconds since 1970"),
    _required("import_id", Digest, sa.ForeignKey("imports.import_id"), comment="its content"),
    _required("seen_at", UtcDateTime, comment="when it was last read"),
    sa.Index(None, "import_id"),
    comment="Export files as they lay there when they were read: one that is unchanged is not read again.",
)

import_faults = sa.Table(
    "import_faults",
    metadata,
    _key("import_id", Digest, sa.ForeignKey("imports.import_id"), comment="the import that it stands in"),
    _key("number", Integer, comment="from 0, in the order of the file; the first 1000 are kept"),
    _required("locator", Text, comment="file in a zip and colon, line or byte offset, `#` and a JSON Pointer"),
    _required("reason", Text, comment="why it could not be read"),
    comment="Parts of imports that could not be read.",
)

posts = sa.Table(
    "posts",
    metadata,
    _key("post_id", Id, comment="`p-…`, from platform and native_id"),
    _required("platform", String(32), comment="e.g. `twitter`"),
    _required("native_id", IndexedText, comment="the id that the platform gave it"),
    _optional("author_id", IndexedText, comment="the platform's id of the author"),
    _optional("author_handle", IndexedText, comment="the name in the author's address, without @"),
    _optional("author_name", Text, comment="the name that is shown"),
    _optional("posted_at", UtcDateTime, comment="when it was posted"),
    _optional("url", Text, comment="its page"),
    _optional("text", Text, comment="what it says; U+FFFD stands for what no database takes"),
    _optional(
        "relation",
        String(16),
        comment="how it stands in another post: reposted, quoted, reply_parent, recommended; empty: its own",
    ),
    _optional("like_count", BigInteger, comment="likes or reactions, as the export says"),
    _optional("share_count", BigInteger, comment="shares, reposts or retweets, as the export says"),
    _optional("deleted_at", UtcDateTime, comment="when its author deleted it, where the author's own export says so"),
    _required("raw_sha256", Digest, comment="tells a changed post from the same one"),
    _required("import_id", Digest, sa.ForeignKey("imports.import_id"), comment="the import whose sighting is believed"),
    _required("locator", Text, comment="where it stands in that import, as in import_faults"),
    _optional("content_sha256", Digest, comment="of text and media bytes; empty until every medium is stored"),
    _optional(
        "duplicate_of", Id, comment="the oldest post of the same content_sha256; empty: this is the oldest, or alone"
    ),
    _optional("manifest_version", Integer, comment="version of the platform module whose manifest is in post_media"),
    _required("created_at", UtcDateTime, comment="when it was first read"),
    _required("updated_at", UtcDateTime, comment="when a sighting last replaced it"),
    # The last column, so that a scan for another one need not read over it.
    _required("raw", sa.JSON, comment="the post as its export holds it"),
    # A partition's posts page by page, by id.
    sa.Index(None, "import_id", "post_id"),
    sa.Index(None, "content_sha256"),
    # Which posts have no manifest yet: asked over the whole library every night.
    sa.Index(None, "manifest_version"),
    # Reports and `--user` ask by author, whatever the case of the handle.
    sa.Index(None, "author_id"),
    # `--post-id` takes the platform's id.
    sa.Index(None, "native_id"),
    sa.Index(None, "posted_at"),
    comment="Posts, each once, as the newest sighting of it says. What that leaves out stays as an older one said it.",
)
sa.Index("ix_posts_author_handle_lower", sa.func.lower(posts.c.author_handle))

post_sightings = sa.Table(
    "post_sightings",
    metadata,
    _key("post_id", Id, comment="the post; one of which only stubs are known has no row in posts"),
    _key("import_id", Digest, sa.ForeignKey("imports.import_id"), comment="the import that holds it"),
    _required("locator", Text, comment="where it stands in that import, as in import_faults"),
    _optional("raw_sha256", Digest, comment="of its JSON there; empty: a stub that is no post of its own"),
    _optional("relation", String(16), comment="how it stands in another post there, as in posts"),
    _optional("stub", Text, comment="why it tells nothing of the post: blocked, deleted, unavailable; empty: it does"),
    _required("observed_at", UtcDateTime, comment="when the export saw the post; never later than the import"),
    _required("observed_by", String(16), comment="how that is known: collected, edited, newest, file or import"),
    _optional("edited_at", UtcDateTime, comment="the post's last edit, where the export names it"),
    _optional("urls_end_at", UtcDateTime, comment="when the last of its media URLs stops working, where one says so"),
    _required("media", Integer, comment="how many media of the post it shows"),
    _required("reader_version", Integer, comment="version of the platform module that read it"),
    # The posts of an import: for the media that came along with it.
    sa.Index(None, "import_id", "post_id"),
    comment="Imports that hold a post, each once for each post: its history.",
)

media_files = sa.Table(
    "media_files",
    metadata,
    _key("sha256", Digest, comment="of its bytes: its identity"),
    _required("md5_sum", String(32), comment="of its bytes: its file name"),
    _required("file_size", BigInteger, comment="bytes"),
    _required("media_type", String(16), comment="image, video, audio, document; from the bytes"),
    _required("mime_type", Text, comment="from the bytes"),
    _required("extension", String(16), comment="without a dot, from the bytes"),
    _optional("width", Integer, comment="pixels as seen"),
    _optional("height", Integer, comment="pixels as seen"),
    _optional("duration", Float, comment="seconds"),
    _optional("frames", Integer, comment="pictures in an animation or video"),
    _optional("exif", sa.JSON(none_as_null=True), comment="every tag, by exifread's name"),
    _optional("taken_at", Text, comment="the camera's local time, ISO 8601; with an offset only where it names one"),
    _optional("camera_make", Text, comment="from EXIF"),
    _optional("camera_model", Text, comment="from EXIF"),
    _optional("latitude", Float, comment="decimal degrees, south negative; from EXIF"),
    _optional("longitude", Float, comment="decimal degrees, west negative; from EXIF"),
    _optional("pixel_sha256", Digest, comment="of its pixels, decoded and upright"),
    _optional("pdq", String(64), comment="perceptual hash PDQ, hexadecimal"),
    _optional("pdq_quality", Integer, comment="0 to 100; below 50 the hash says little"),
    _optional("warnings", sa.JSON(none_as_null=True), comment="what was odd about it when its facts were read"),
    _optional("facts_at", UtcDateTime, comment="when the facts were read; empty: not yet"),
    _optional("facts_error", Text, comment="why the facts can't be read; the file is in quarantine then"),
    _optional("truncated", Text, comment="how its end is missing; empty: it is whole, or can't tell"),
    _optional(
        "placeholder_authors",
        Integer,
        comment="authors who share it under different URLs, when flagged as a placeholder",
    ),
    _optional("frame_rate", Float, comment="pictures a second of a video"),
    _optional("video_codec", Text, comment="of a video, by ffmpeg's name"),
    _optional("audio_codec", Text, comment="of its sound, by ffmpeg's name; empty: it has none"),
    _optional("colour_profile", Text, comment="its ICC profile's own name, or what its container says"),
    _optional("orientation", Integer, comment="as EXIF counts: 1 to 8"),
    _optional("lens", Text, comment="from EXIF"),
    _optional("software", Text, comment="that wrote it, from EXIF"),
    _optional("altitude", Float, comment="metres above the sea, below it negative; from EXIF"),
    _optional("caption", Text, comment="that it carries itself: IPTC, XMP or EXIF"),
    _optional(
        "facts_version",
        Integer,
        comment="of the code that read the facts; below the present one they are read again",
    ),
    _optional(
        "motion_photo",
        EmbeddedPart,
        comment="the video in a motion photo: offset and length in bytes, is_there (false: cut off)",
    ),
    _optional(
        "gain_map",
        EmbeddedPart,
        comment="the gain map of an Ultra HDR picture: offset and length in bytes, is_there",
    ),
    _optional("content_identifier", Text, comment="Apple's: a picture and a video with the same one are a live photo"),
    _optional("near_searched_at", UtcDateTime, comment="when near duplicates of it were looked for"),
    _optional("local_path", Text, comment="below the storage path; empty: only in the archive, if archived_at is set"),
    _required("last_used_at", UtcDateTime, comment="when it last came into the store: the oldest leave it first"),
    _optional("archive_url", Text, comment="its address in the archive"),
    _optional("storage_provider", String(16), comment="s3, r2, gcs, minio, local"),
    _optional("s3_key", IndexedText, comment="its key in the archive, of whichever provider"),
    _optional("s3_etag", Text, comment="as the archive gave it"),
    _optional("archived_at", UtcDateTime, comment="when the present archive was found to hold it; empty: it does not"),
    _required("verified_at", UtcDateTime, comment="when it was last read to its end and matched its checksum"),
    _required("created_at", UtcDateTime, comment="when its bytes first came"),
    _optional("archive_id", String(32), comment="the place (see places) that s3_key is a key of"),
    _optional("archive_proof", String(16), comment="how its bytes there were proven: etag, sha256, composite, read"),
    _optional("archive_proved_at", UtcDateTime, comment="when; a file leaves the store only for a proof that is fresh"),
    # `verify` takes an MD5, file names are one.
    sa.Index(None, "md5_sum"),
    # The archive asks for what it does not hold yet, the cache for what it may let go.
    sa.Index("ix_media_files_not_archived", "archived_at", "sha256"),
    # A key of the archive belongs to one content.
    sa.Index(None, "s3_key"),
    sa.Index(None, "last_used_at"),
    sa.Index(None, "facts_at"),
    comment="Files, each content once.",
)

post_media = sa.Table(
    "post_media",
    metadata,
    _key("media_id", Id, comment="`med-…`, from platform, native_id and media_key; before schema 0009, from position"),
    _required("post_id", Id, sa.ForeignKey("posts.post_id"), comment="the post that shows it"),
    _required(
        "import_id",
        Digest,
        sa.ForeignKey("imports.import_id"),
        comment="the newest import that names it, or the one that brought its URL",
    ),
    sa.Column(
        "media_key",
        String(256),
        nullable=False,
        server_default=sa.text("''"),
        comment="by what it is known again in another sighting of its post, and never computed anew: `id:` the "
        "platform's own key, `url:` its URL without size and signature, `place:` its position",
    ),
    _required("position", Integer, comment="from 0, in the order of the post; of one that was removed: where it stood"),
    _required("media_type", String(16), comment="image, video, audio, document; as the export says"),
    _required(
        "role",
        String(16),
        comment="media (the post's own), poster, link_preview, cover, soundtrack, watermarked, subtitles",
    ),
    _optional("media_url", Text, comment="the URL to fetch, the best that the export offers"),
    _optional("url_digest", Digest, comment="SHA-256 of media_url: signed URLs are longer than an index entry may be"),
    _required(
        "candidates",
        Candidates,
        comment="every URL that any sighting gave, those that still work first, then best first: url, width, height, "
        "bitrate, codec, role, rule, expires_at",
    ),
    _optional(
        "files",
        Paths(),
        comment="paths of its file in exports that came with it, as they write them",
    ),
    _optional("alt_text", Text, comment="its description, by the author"),
    _optional("url_expires_at", UtcDateTime, comment="when media_url stops working, if it says so"),
    _required("status", String(16), comment="where it stands: see Statuses"),
    _optional("reason", String(32), comment="why it is not stored, in one word: see Reasons"),
    _optional("error", Text, comment="what was seen of that, in detail"),
    _optional(
        "decided_under", String(16), comment="digest of the settings that its reason hangs on, when it was decided"
    ),
    _required("attempts", Integer, comment="runs that tried to fetch it", default=0),
    _optional("next_attempt_at", UtcDateTime, comment="when a failed one is tried again"),
    _optional("sha256", Digest, sa.ForeignKey("media_files.sha256"), comment="its file; unless stored: the one it had"),
    _optional("etag", Text, comment="as its host gave it"),
    _optional("last_modified", Text, comment="as its host gave it"),
    _optional("fetched_at", UtcDateTime, comment="when its bytes came"),
    _optional("fetched_url", Text, comment="the URL that brought its bytes"),
    _optional("declared_width", Integer, comment="pixels that the export declares for that URL"),
    _optional("declared_height", Integer, comment="pixels that the export declares for that URL"),
    _optional(
        "downgrade", Text, comment="how its file is less than the best that the export declares; empty: it isn't"
    ),
    _required("version", Integer, comment="raised when other bytes come than before", default=1),
    _optional(
        "duplicate_of", Id, comment="the oldest reference to the same bytes; empty: this is the oldest, or alone"
    ),
    sa.Column(
        "ai_analysis_status",
        String(16),
        nullable=False,
        server_default="not_started",
        comment="where the analysis of its content stands: not_started, started, completed or failed",
    ),
    _optional("ai_analysis", sa.JSON(none_as_null=True), comment="its result"),
    _optional("ai_analysis_log", sa.JSON(none_as_null=True), comment="how it went"),
    _optional("ai_analyzed_at", UtcDateTime, comment="when it was analysed"),
    _optional(
        "pruned_at", UtcDateTime, comment="when it became a mere link to duplicate_of; empty: it is an entry of its own"
    ),
    _optional("removed_at", UtcDateTime, comment="when its post was first seen without it; empty: the post shows it"),
    _required("created_at", UtcDateTime, comment="when it was first named"),
    _required("updated_at", UtcDateTime, comment="when anything here last changed"),
    sa.CheckConstraint(
        "ai_analysis_status IN ('not_started', 'started', 'completed', 'failed')", name="ai_analysis_status"
    ),
    sa.Index(None, "post_id", "position"),
    # A medium is in its post once.
    sa.Index(None, "post_id", "media_key", unique=True),
    # A stage asks by partition (its imports) and status, and for the files of what is stored there. An index that
    # began with the status would mislead SQLite: without statistics it takes that for as choosy as a SHA-256.
    sa.Index(None, "import_id", "status", "sha256"),
    # Which references hold a file.
    sa.Index(None, "sha256"),
    # One URL that many posts name is fetched once.
    sa.Index(None, "url_digest"),
    # The nightly backfill asks what is due.
    sa.Index(None, "next_attempt_at"),
    comment="Media references: one for each medium that a post shows.",
)

renditions = sa.Table(
    "renditions",
    metadata,
    _key("sha256", Digest, sa.ForeignKey("media_files.sha256"), comment="the original"),
    _key("kind", String(16), comment="optimized, thumbnail, page, animation or web"),
    _key(
        "recipe",
        String(64),
        comment="kind, size, further choices, quality and version: other choices, another recipe",
    ),
    _optional("mime_type", Text, comment="of the rendition"),
    _optional("width", Integer, comment="pixels"),
    _optional("height", Integer, comment="pixels"),
    _optional("file_size", BigInteger, comment="bytes"),
    _optional("rendition_sha256", Digest, comment="of its bytes"),
    _optional("local_path", Text, comment="below the storage path"),
    _optional("archive_url", Text, comment="its address in the archive"),
    _optional("error", Text, comment="why there is none; then the columns above are empty"),
    _optional("stands_in", sa.Boolean, comment="true: the original itself, since it is no larger; no file is made"),
    _optional("partial", sa.Boolean, comment="true: drawn from what there is of a truncated original"),
    _required("generated_at", UtcDateTime, comment="when it was made or failed"),
    comment="Pictures made of files, to look at.",
)

video_fingerprints = sa.Table(
    "video_fingerprints",
    metadata,
    _key("sha256", Digest, sa.ForeignKey("media_files.sha256"), comment="the video"),
    _key("second", Integer, comment="of the picture, from the video's beginning"),
    _required("pdq", String(64), comment="perceptual hash PDQ, hexadecimal"),
    _required("pdq_quality", Integer, comment="0 to 100; below 50 the hash says little"),
    comment="A fingerprint a second of videos, of their first ten minutes.",
)

near_duplicates = sa.Table(
    "near_duplicates",
    metadata,
    _key("first_sha256", Digest, sa.ForeignKey("media_files.sha256"), comment="the lesser of the two digests"),
    _key("second_sha256", Digest, sa.ForeignKey("media_files.sha256"), comment="the greater one"),
    _required("tier", String(16), comment="same_pixels or near"),
    _required("distance", Integer, comment="bits in which their PDQ differ, 0 to 31; 0 for the same pixels"),
    _required("found_at", UtcDateTime, comment="when the pair was found"),
    sa.Index(None, "second_sha256"),
    comment="Pairs of files that show the same picture in other bytes.",
)

media_versions = sa.Table(
    "media_versions",
    metadata,
    _key("media_id", Id, comment="the reference; kept when that is pruned"),
    _key("version", Integer, comment="its version then"),
    _required("sha256", Digest, sa.ForeignKey("media_files.sha256"), comment="the file it held"),
    _optional("fetched_url", Text, comment="the URL that brought it"),
    _optional("etag", Text, comment="as its host gave it"),
    _optional("last_modified", Text, comment="as its host gave it"),
    _optional("fetched_at", UtcDateTime, comment="when its bytes came"),
    _required("replaced_at", UtcDateTime, comment="when other bytes took their place"),
    # Which files are held for the sake of an older version.
    sa.Index(None, "sha256"),
    comment="What references held before their host changed it. Only ever added to.",
)

fetch_attempts = sa.Table(
    "fetch_attempts",
    metadata,
    _key(
        "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), comment="in the order of writing", autoincrement=True
    ),
    _required("media_id", Id, comment="the reference that it was made for; kept when that is pruned"),
    _required("url", Text, comment="as asked for"),
    _required("started_at", UtcDateTime, comment="when it began"),
    _optional("status", Integer, comment="the HTTP status, if there was an answer"),
    _optional("error_kind", String(32), comment="`timeout`, `http_404`, `html` …; empty: success"),
    _required("bytes", BigInteger, comment="bytes received"),
    _required("seconds", Float, comment="from the request to the end"),
    _optional("remote_address", Text, comment="the address that answered"),
    _optional("final_url", Text, comment="where redirects led from or to this request; empty: there were none"),
    _optional("final_url_digest", Digest, comment="SHA-256 of final_url"),
    _optional("headers", sa.JSON(none_as_null=True), comment="of the answer, without cookies; 64, 8,192 characters"),
    _optional("http_version", String(8), comment="of the answer: 1.1"),
    _optional("certificate_sha256", Digest, comment="of the certificate that the host showed; empty: no TLS"),
    sa.Index(None, "media_id"),
    # Which media have met at one URL. Few requests are redirected.
    sa.Index(None, "final_url_digest", sqlite_where=_REDIRECTED, postgresql_where=_REDIRECTED),
    comment="Requests to media hosts, each as it went. Only ever added to.",
)

run_leases = sa.Table(
    "run_leases",
    metadata,
    _key("run_id", String(64), comment="Dagster's id of the run"),
    _optional("holder", Text, comment="its machine and process; empty: it has not begun its work yet"),
    _required("began_at", UtcDateTime, comment="when the run was first known here"),
    _optional("renewed_at", UtcDateTime, comment="when its process last said that it lives, by the database's clock"),
    _optional("suspected_at", UtcDateTime, comment="when it was first found silent since"),
    _optional("ended_at", UtcDateTime, comment="when it was given up: from then on it can write nothing"),
    _optional("settled_at", UtcDateTime, comment="when another run had its partitions, or none was to have them"),
    comment="Runs that work, and runs whose process is gone. A run that ends by itself takes its row away.",
)

library = sa.Table(
    "library",
    metadata,
    _key("library_id", String(32), comment="which library this is; every place of it carries the same in its marker"),
    _required("created_at", UtcDateTime, comment="when it was made"),
    comment="This library: one row.",
)

places = sa.Table(
    "places",
    metadata,
    _key("place_id", String(32), comment="as in the place's marker, `.media-pipeline.json`"),
    _required("kind", String(16), comment="store, archive or imports"),
    _required("address", Text, comment="the folder or bucket where it was last found"),
    _required("is_current", sa.Boolean, comment="false: another place of its kind was registered since"),
    _required("registered_at", UtcDateTime, comment="when it became the library's"),
    comment="Folders and buckets that belong to the library. Commands that write stop at any other.",
)

removals = sa.Table(
    "removals",
    metadata,
    _key("place", IndexedText, comment="of the file, below the storage path"),
    _required("asked_at", UtcDateTime, comment="when its row went"),
    comment="Files whose removal was begun. The next run removes what a killed one left.",
)
