"""Exports that platforms hand to their users: which files of a folder or zip hold posts, and which names the owner.

Everything else in such an export (messages, likes, logins, advertising) is not read. What belongs here: paths, a row
for each platform, told by the layouts of several years. What does not: what a post's JSON means (``platforms``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

_OF_MEMBER = r"(?:_[\w-]+)?"
"""What some exports put behind the name of a file: the number of the account, or a part's."""
_ROOT = r"^(?P<root>(?:.+?/)??)"
"""The folder that the whole export lies in: the shortest that fits."""


@dataclass(frozen=True, slots=True)
class OfficialExport:
    """How one platform lays out its export. Patterns are looked for below the folder that everything lies in."""

    platform: str
    posts: re.Pattern[str]
    """Files that hold posts."""
    owner: re.Pattern[str]
    """The file that says whose account it is."""
    rest: re.Pattern[str]
    """Whatever else the export holds, by the beginning of its path: none of it is an export of its own."""


def _row(platform: str, posts: str, owner: str, rest: str) -> OfficialExport:
    of_posts, of_owner = (re.compile(f"{_ROOT}(?:{pattern})$") for pattern in (posts, owner))
    return OfficialExport(platform, of_posts, of_owner, re.compile(rest))


OFFICIAL_EXPORTS = (
    _row(
        "twitter",
        r"data/(?:tweets?|community-tweet|deleted-tweets?|article)(?:-part\d+)?\.js",
        r"data/account\.js",
        r"data/[^/]*$",
    ),
    _row(
        "instagram",
        # content/ until 2022, your_instagram_activity/content/ until 2023, your_instagram_activity/media/ since.
        r"(?:your_instagram_activity/)?(?:content|media)/"
        r"(?:posts_\d+|stories|reels|igtv_videos|profile_photos|archived_posts|other_content)\.json",
        r"(?:personal_information|account_information)/(?:personal_information/)?personal_information\.json",
        r"(?:ads_|apps_and_websites|connections|followers_and_following|logged_information|login_and_|media/|content/"
        r"|messages|personal_information|account_information|preferences|security_and_login|your_instagram_activity"
        r"|your_activity_across|comments|likes|saved|story_|digital_wallets|shopping|monetization|past_instagram)",
    ),
    _row(
        "facebook",
        # posts/ and photos_and_videos/ until 2023, your_facebook_activity/ since.
        r"(?:your_facebook_activity/|your_activity_across_facebook/)?"
        r"(?:posts/(?:your_posts[^/]*|your_videos|your_uncategorized_photos|your_photos|album/\d+)"
        r"|photos_and_videos/(?:your_videos|your_photos|album/\d+)|stories/archived_stories"
        r"|groups/(?:your_posts_in_groups|group_posts_and_comments))\.json",
        r"(?:personal_information/)?profile_information/profile_information\.json",
        r"(?:your_facebook_activity|your_activity_across_facebook|posts/|photos_and_videos/|stories/|groups/|messages"
        r"|ads_|apps_and_websites|comments|connections|events|facebook_|friends|likes_and|location|logged_information"
        r"|other_activity|pages|payment|personal_information|preferences|profile_information|search|security_and_login"
        r"|about_you|following_and)",
    ),
    _row(
        "reddit",
        rf"(?:posts|comments){_OF_MEMBER}\.csv",
        rf"statistics{_OF_MEMBER}\.csv",
        r"(?:account_gender|announcements|approved_submitter|birthdate|chat_history|checkfile|comment_|drafts|friends|gilded"
        r"|gold_received|hidden_posts|ip_logs|linked_|message_headers|messages|moderated_|multireddits|payouts|persona"
        r"|poll_votes|post_|purchases|saved_|scheduled_posts|sensitive_ads|statistics|stripe|subscribed_|twitter"
        r"|user_preferences)[^/]*\.csv$",
    ),
    _row(
        "linkedin",
        rf"(?:Shares|Rich_Media){_OF_MEMBER}\.csv",
        rf"Profile{_OF_MEMBER}\.csv",
        r"(?:Ad_|Articles/|Certifications|Comments|Company|Connections|Contacts|Courses|Education|Email|Endorsement|Events"
        r"|Hashtag|Honors|InstantReposts|Inferences|Invitations|Jobs?[ /]|Languages|Learning|Logins|Member_"
        r"|Organizations|Patents|Phone ?Numbers|Positions|Profile|Projects|Providers|Publications|Reactions|Receipts"
        r"|Recommendations|Registration|Saved|Search ?Queries|Security|Services|Skills|Test|Verifications"
        r"|Volunteering|Votes|Whatsapp|coach_|guide_|learning_|messages)",
    ),
    _row(
        "mastodon",
        r"outbox\.json",
        r"actor\.json",
        r"(?:actor|likes|bookmarks)\.json$|media_attachments/",
    ),
)


def is_post_file(path: str) -> bool:
    """Whether a file of this path holds posts of an official export."""
    return any(row.posts.match(path) for row in OFFICIAL_EXPORTS)


def chosen_of(exports: Sequence[str]) -> list[str]:
    """Of the exports of one zip or folder, by path: all but what an official export keeps beside its posts."""
    found = set(_officials(exports))
    return [path for path in exports if is_post_file(path) or not any(_is_rest(path, row, root) for row, root in found)]


def owner_file(path: str, paths: Collection[str]) -> str | None:
    """The file that says whose posts a file of posts holds, if there is one."""
    for row, root in _officials([path]):
        for other in paths:
            match = row.owner.match(other)
            if match and match["root"] == root:
                return other
    return None


def beside(path: str, name: str, paths: Collection[str]) -> str | None:
    """The file of the same export, in the same folder, whose name begins so."""
    folder = path.rpartition("/")[0]
    return next((other for other in paths if other.rpartition("/")[0] == folder and _begins(other, name)), None)


def _begins(path: str, name: str) -> bool:
    return re.match(rf"{re.escape(name)}{_OF_MEMBER}\.\w+$", path.rpartition("/")[2]) is not None


def _officials(paths: Sequence[str]) -> Iterator[tuple[OfficialExport, str]]:
    for path in paths:
        for row in OFFICIAL_EXPORTS:
            if match := row.posts.match(path):
                yield row, match["root"]


def _is_rest(path: str, row: OfficialExport, root: str) -> bool:
    return path.startswith(root) and row.rest.match(path[len(root) :]) is not None
