"""Bytes at rest: the local content store and the archive.

What belongs here: where bytes lie, that they lie there whole, and that they are the right ones.
What does not: how they were fetched, what they show, and which rows speak of them.
"""
