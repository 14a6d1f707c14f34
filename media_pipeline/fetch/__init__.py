"""From a URL to verified bytes in a temporary file: the only room that asks a media host.

What belongs here: which addresses may be asked, the HTTP client, what an answer means, what the bytes are.
What does not: where files end up, what is in them, and the catalogue.
"""
