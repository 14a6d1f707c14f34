"""HTML and Markdown from plain rows: the only room that writes markup.

What belongs here: frozen rows, the words that describe them, and the templates that show them. What does not: which
rows are worth showing, and where a page lies (``stages``, ``demo``); pixels (``imaging``), which arrive as the bytes of
a WebP file.
"""
