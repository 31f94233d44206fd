"""Every template, by topic: one file a topic, one tuple line each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from advisor.errors import BugError, UnknownName, near
from advisor.practice.template import Template
from advisor.practice.templates import (
    async_batch,
    autoscaling,
    containers,
    cost,
    data,
    hosting,
    jobs,
    many_models,
    needs,
    plots,
    purchase,
    rollouts,
    serverless,
    studies,
    transform,
)

__all__ = ["TEMPLATES", "by_id", "template_named"]

TEMPLATES: tuple[Template, ...] = (
    *hosting.TEMPLATES,
    *needs.TEMPLATES,
    *serverless.TEMPLATES,
    *async_batch.TEMPLATES,
    *transform.TEMPLATES,
    *many_models.TEMPLATES,
    *autoscaling.TEMPLATES,
    *rollouts.TEMPLATES,
    *cost.TEMPLATES,
    *purchase.TEMPLATES,
    *plots.TEMPLATES,
    *jobs.TEMPLATES,
    *data.TEMPLATES,
    *containers.TEMPLATES,
    *studies.TEMPLATES,
)


@cache
def by_id() -> Mapping[str, Template]:
    """The templates by name; a name used twice is a fault."""
    held = {template.id: template for template in TEMPLATES}
    if len(held) < len(TEMPLATES):
        raise BugError("two templates have the same name", "", "give each a name of its own")
    return held


def template_named(name: str) -> Template:
    """The template of that name; near names are proposed where there is none."""
    if name not in by_id():
        raise UnknownName(f'"{name}" is not a template', "", near(name, by_id()) or "see advisor.practice.templates")
    return by_id()[name]
