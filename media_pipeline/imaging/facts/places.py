"""Where something was taken: what makes two numbers a place on the earth.

What belongs here: the rule. What does not: how the numbers are written (:mod:`media_pipeline.imaging.facts.exif`,
:mod:`media_pipeline.imaging.facts.container_tags`).
"""

from __future__ import annotations

from dataclasses import dataclass

NULL_ISLAND = "its place is 0° 0°, as a receiver without a fix writes it: it is taken for none"
NO_HEMISPHERE = "its place says not which side of the equator or of Greenwich (N, S, E, W): it is taken for none"
HALF_A_PLACE = "its place has no latitude or no longitude: it is taken for none"
NOT_ON_EARTH = "its place is not on the earth: it is taken for none"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in decimal degrees, south and west negative; without one, the warning says why not, if there is need."""

    latitude: float | None = None
    longitude: float | None = None
    warning: str | None = None


def place_of(latitude: float | None, longitude: float | None) -> Place:
    """The place of these two numbers, if they are one."""
    if latitude is None and longitude is None:
        return Place()
    if latitude is None or longitude is None:
        return Place(warning=HALF_A_PLACE)
    if abs(latitude) > 90 or abs(longitude) > 180:
        return Place(warning=NOT_ON_EARTH)
    if latitude == 0 and longitude == 0:
        return Place(warning=NULL_ISLAND)
    return Place(latitude, longitude)
