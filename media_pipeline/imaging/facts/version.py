"""The version of the facts, apart from what reads them, which takes long to import."""

FACTS_VERSION = 2
"""Raised when more or other facts are read: files that an older version read are read again."""
