"""The catalogue: what is known about every import, post, medium, file and rendition.

What belongs in this room: SQLAlchemy Core tables (``tables``) and their column types (``storable``), the connection
(``database``, with ``schema``, ``backups`` and ``migrations``), and queries. It is the only room that speaks SQL:
the others pass a ``Selection`` and a ``Connection`` in, and get frozen dataclasses, numbers or rows of plain values
back. ``import-linter`` holds that they import neither SQLAlchemy nor ``tables``.

The room is flat on purpose. There is one module for each table (``posts``, ``files``, ``renditions``, ``leases`` …),
and one for each question that a table is too large a subject for: of files what the archive holds (``archived``), what
they say of themselves (``file_facts``) and what was lost (``missing``); of media references which are due
(``media_due``), where they come from (``origins``) and what became of them (``media_reports``). Nearly every question
joins several tables, so folders would hide where it is answered; the module's name says it. ``selection`` and
``rowwise`` are what all of them share.
"""
