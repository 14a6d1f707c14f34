"""Duplicates: which files show the same, how that is reported, and removing copies on demand.

What belongs here: pairs, clusters, the report in its three forms, pruning. What does not: the search for neighbours
among hashes (:mod:`media_pipeline.search`).
"""
