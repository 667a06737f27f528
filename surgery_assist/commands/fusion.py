"""Activity, dose or other anatomy in colour over the images of the same space."""

from dataclasses import replace
from typing import Final

from surgery_assist.commands.change import has_image
from surgery_assist.commands.registry import Risk, command
from surgery_assist.commands.slots import Amount, percent
from surgery_assist.model.fusion import Fusion, partner_of
from surgery_assist.model.session import Session

BLEND_STEP: Final = 20.0
LEAST_BLEND: Final = 0.05


def can_fuse(session: Session) -> str | None:
    """The study holds another modality in the space of the active viewport."""
    shown = session.shown(session.view.active)
    if shown is None:
        return "refused.no_image"
    if shown[0].volume is not None:
        return "refused.fusion_volume"
    return None if partner_of(shown[3], shown[1]) is not None else "refused.no_fusion"


@command("fusion.show", Risk.VIEW, keys=("Ctrl+F",), when=can_fuse)
def fusion_show(session: Session) -> Session:
    """Lay activity, dose or other anatomy of the same space in colour over the images."""
    return _blended(session, 0.0)


@command("fusion.hide", Risk.VIEW, keys=("Ctrl+Shift+F",), when=has_image)
def fusion_hide(session: Session) -> Session:
    """Take the colours off the images."""
    return _with_fusion(session, None)


@command("fusion.more", Risk.VIEW, when=can_fuse)
def fusion_more(session: Session, amount: Amount | None = None) -> Session:
    """Let the colours cover more of the images."""
    return _blended(session, percent(amount, BLEND_STEP))


@command("fusion.less", Risk.VIEW, when=can_fuse)
def fusion_less(session: Session, amount: Amount | None = None) -> Session:
    """Let the colours cover less of the images."""
    return _blended(session, -percent(amount, BLEND_STEP))


def _blended(session: Session, points: float) -> Session:
    """The fusion covering more by percentage points, shown first if it is not."""
    shown = session.shown(session.view.active)
    partner = None if shown is None else partner_of(shown[3], shown[1])
    if shown is None or partner is None:
        return session
    fusion = shown[0].fusion or Fusion(partner.uid)
    blend = round(max(LEAST_BLEND, min(1.0, fusion.blend + points / 100)), 3)
    return _with_fusion(session, replace(fusion, blend=blend))


def _with_fusion(session: Session, fusion: Fusion | None) -> Session:
    """The fusion on every plane of the images that the active viewport shows."""
    mine, after = session.viewport.display_set, session
    for index, viewport in enumerate(session.view.viewports):
        if viewport.display_set == mine and viewport.volume is None:
            after = after.with_viewport(replace(viewport, fusion=fusion), index)
    return after
