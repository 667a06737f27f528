"""The directory's tables: sites and pseudonyms, nothing else."""

from datetime import datetime

from sqlalchemy import DateTime, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Base of all tables of the directory."""


class Site(Base):
    """What a site announced last, signed by itself."""

    __tablename__ = "site"

    site: Mapped[str] = mapped_column(String(64), primary_key=True)
    announcement: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Located(Base):
    """A site knows a pseudonym."""

    __tablename__ = "located"

    pseudonym: Mapped[str] = mapped_column(String(64), primary_key=True)
    site: Mapped[str] = mapped_column(String(64), primary_key=True)


class Indexed(Base):
    """A site that keeps the locator up to date: what it does not name, it does not have."""

    __tablename__ = "indexed"

    site: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
