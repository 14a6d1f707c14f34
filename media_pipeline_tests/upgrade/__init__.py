"""Libraries that earlier versions made, and what becomes of them when this version opens them.

``library_<schema version>.zip`` holds a library as the version made it whose schema had that number: the rows of every
table, the store, the archive and the exports. Make one with ``python -m media_pipeline_tests.upgrade.making`` from a
checkout of a version before its schema changes, and commit it with the migration.
"""
