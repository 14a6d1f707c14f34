"""From a URL to verified bytes in a temporary file: the only room that asks a media host.

What belongs here: which addresses may be asked and how (``http``), when each request is made and by whom
(``dispatch``), media that come in pieces (``streams``), and at the root what all of them share: what an answer means,
what bytes are. What does not: where files end up, what is in them, and the catalogue.
"""
