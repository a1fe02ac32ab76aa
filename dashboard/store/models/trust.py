"""Records of checks of the simulator; no account has its own, because they read nobody's data."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.store.models.base import Base, Id, Instant


class SimulatorCheck(Base):
    """One run through the textbook's cases, under way while `finished_at` is null; only one is at a time (T20)."""

    __tablename__ = "simulator_checks"
    __table_args__ = (
        Index(
            "uq_simulator_checks_under_way",
            text("(finished_at IS NULL)"),
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    requested_at: Mapped[Instant]
    seed: Mapped[int]
    finished_at: Mapped[datetime | None]
    agrees: Mapped[bool | None] = mapped_column(Boolean)
    cases: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB)
