"""One module a platform, each a row of ``PLATFORMS``; docs/platforms.md has the recipe for another one."""

from media_pipeline.model import MediaPipelineError
from media_pipeline.posts.platforms.base import Platform
from media_pipeline.posts.platforms.bluesky import Bluesky
from media_pipeline.posts.platforms.facebook import Facebook
from media_pipeline.posts.platforms.instagram import Instagram
from media_pipeline.posts.platforms.linkedin import LinkedIn
from media_pipeline.posts.platforms.mastodon import Mastodon
from media_pipeline.posts.platforms.reddit import Reddit
from media_pipeline.posts.platforms.tiktok import TikTok
from media_pipeline.posts.platforms.twitter import Twitter
from media_pipeline.posts.platforms.url import Url

PLATFORMS: tuple[Platform, ...] = (
    Bluesky(),
    Facebook(),
    Instagram(),
    LinkedIn(),
    Mastodon(),
    Reddit(),
    TikTok(),
    Twitter(),
    Url(),
)


class UnknownPlatform(MediaPipelineError):
    """No platform has this name; the text names those there are.

    To do: Use one of the names that the message lists.
    """


def platform_names() -> tuple[str, ...]:
    """The names of all platforms, in alphabetical order: folder names, partition keys, catalogue values."""
    return tuple(sorted(platform.name for platform in PLATFORMS))


def platform_named(name: str) -> Platform:
    """Return the platform of that name. Raises UnknownPlatform."""
    for platform in PLATFORMS:
        if platform.name == name:
            return platform
    raise UnknownPlatform(f"unknown platform {name!r}; known are {', '.join(platform_names())}")
