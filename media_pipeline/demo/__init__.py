"""A sample to try the whole pipeline on: exports of two platforms, their media, and a host on loopback.

``sample`` says who posted what, ``export`` writes it in the shapes of the platforms, ``host`` serves the media,
``run`` sets everything up, shows what came out and compares it with what should have. The media themselves come from
``scenery``, ``artwork``, ``printed`` and ``clips``, always the same bytes.
"""
