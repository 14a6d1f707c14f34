"""What each asset does: ask the catalogue what is pending, do it, write it down, return a report.

What belongs in this room: one folder for each part of a medium's life, from its export (``imports``) over its
``downloads``, ``duplicates`` and ``renditions`` to its ``archive``; ``integrity`` holds store and catalogue against
each other at any time, and ``pages`` show the library to people. What does not: Dagster (``defs``), and how a thing is
read, fetched, drawn, stored or queried (the rooms below). Every stage can be killed at any moment; the next run goes on
where it stopped and does nothing twice.
"""
