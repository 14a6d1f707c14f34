"""The version of the facts, apart from what reads them, which takes long to import."""

FACTS_VERSION = 1
"""Raised when more or other facts are read: files that an older version read are read again."""
