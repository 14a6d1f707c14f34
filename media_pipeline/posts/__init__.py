"""From an export file to posts and the media that they show. Pure: no network, no database.

``readers`` knows file formats, ``platforms`` knows what each platform's JSON means, ``layout`` knows where a file
belongs, ``expiry`` when a URL dies, ``extract`` joins them. Nothing here keeps state between two calls.
"""
