"""Whether a file reaches its own end: read from its structure, without decoding it.

What belongs here: for each format, where its last byte must be. What does not: decoders, and files that are broken
in other ways.
"""
