"""One HTTP request to a media host: addresses, names, connections, certificates, headers, encodings, pace.

What belongs here: what must hold of every request, whatever it is made for. What does not: which request comes next
(:mod:`media_pipeline.fetch.dispatch`).
"""
