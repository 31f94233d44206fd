"""Plain situations in which a question can play: who wants what, and what a request carries. No brands, no names."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SCENES", "Scene"]


@dataclass(frozen=True, slots=True)
class Scene:
    """Who, what their model does, and what it is given: "A bus company predicts how late each bus will be."""

    who: str
    does: str
    item: str
    kind: str

    @property
    def text(self) -> str:
        """The first sentence of a question."""
        return f"{self.who} {self.does}."


SCENES: tuple[Scene, ...] = tuple(
    Scene(*row)
    for row in (
        ("A bus company", "predicts how late each bus will be", "trip", "table"),
        ("A bakery chain", "forecasts how much bread each shop will sell", "shop", "table"),
        ("A city library", "recommends books to its readers", "reader", "table"),
        ("A water utility", "looks for leaks in the readings of its meters", "reading", "table"),
        ("A farm cooperative", "predicts the harvest of each field", "field", "table"),
        ("A car park operator", "predicts how many spaces will be free", "car park", "table"),
        ("A theatre", "estimates how many seats of a show will be sold", "show", "table"),
        ("A parcel service", "estimates the hour at which a parcel arrives", "parcel", "table"),
        ("A dental practice group", "predicts which patients will miss an appointment", "appointment", "table"),
        ("A wind farm", "predicts the power of the next hours", "turbine", "table"),
        ("An insurer", "scores claims for signs of fraud", "claim", "table"),
        ("A lender", "scores applications for small loans", "application", "table"),
        ("A bicycle rental company", "predicts how many bicycles each station needs", "station", "table"),
        ("A hotel group", "suggests a price for each free room", "room", "table"),
        ("A museum", "predicts the number of visitors for each day", "day", "table"),
        ("A telephone company", "scores its customers for the risk that they leave", "customer", "table"),
        ("A hospital", "marks suspicious areas in scans", "scan", "large"),
        ("A map maker", "finds buildings in aerial photographs", "photograph", "large"),
        ("A film archive", "finds scene changes in old films", "film", "large"),
        ("A radio station", "turns recorded interviews into text", "recording", "large"),
        ("A court", "searches long scanned files for passages", "file", "large"),
        ("A factory", "looks for cracks in high-resolution pictures of parts", "picture", "large"),
        ("A university", "transcribes recorded lectures", "lecture", "large"),
        ("A geology institute", "reads earthquake signals from long recordings", "recording", "large"),
        ("A newspaper", "sorts letters from readers by subject", "letter", "text"),
        ("A travel agency", "answers questions of customers in plain words", "question", "text"),
        ("A tax office", "sorts incoming forms by kind", "form", "text"),
        ("A school board", "summarises the minutes of its meetings", "text", "text"),
        ("A repair service", "matches complaints to spare parts", "complaint", "text"),
        ("A publisher", "checks manuscripts for repeated passages", "chapter", "text"),
        ("A help desk", "proposes answers to its staff", "message", "text"),
        ("A job agency", "matches applications to open posts", "application", "text"),
    )
)
