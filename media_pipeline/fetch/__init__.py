"""From a URL to verified bytes in a temporary file: the only room that asks a media host.

What belongs here: which addresses may be asked and how (``http``), when each request is made and by whom
(``dispatch``), media that come in segments (``streams``), and at the root what all of them share: what an answer means
(``outcome``), what bytes are (``sniff``, ``scan``), bodies on their way to a file (``body``, ``unfinished``). What does
not: where files end up, what is in them, and the catalogue.

The path of one download, by the names that the code has for it::

    Wanted        a medium's candidates, best first, and what is known of it already
      Journey     its way through URL templates and candidates, until one of them succeeds
        Leg       one URL, through redirects and tries
          Request     one HTTP request; the Schedule says when it may be made
            Requester     makes it: in a thread here, or in a worker process of the Crew
          Answer      what came of it: a Received body, a playlist, a segment, a redirect (Moved), or a Refusal
    FetchedFile, FetchUnchanged or FetchFailure     what the stage is told

The Downloader is the thread that owns all of these. A stream's playlist makes side legs of the same journey, one for
each segment.
"""
