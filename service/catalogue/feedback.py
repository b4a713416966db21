"""Editors' judgements of what was found, kept until they are purged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, insert

from service.catalogue.database import Database
from service.catalogue.schema import feedback
from service.models import EditorJudgement, EngineDescription


class Feedback:
    """The judgements in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, judgement: EditorJudgement) -> None:
        """Keeps a judgement."""
        with self._database.writing() as connection:
            connection.execute(insert(feedback).values(asdict(judgement)))

    def all(self, batch: int = 500) -> Iterator[EditorJudgement]:
        """Every judgement in the order in which they came, read a batch at a time."""
        last = 0
        while True:
            query = feedback.select().where(feedback.c.id > last).order_by(feedback.c.id)
            with self._database.reading() as connection:
                rows = connection.execute(query.limit(batch)).all()
            if not rows:
                return
            last = rows[-1].id
            for row in rows:
                yield EditorJudgement(
                    text=row.text,
                    claim_id=row.claim_id,
                    verdict=row.verdict,
                    relation=row.relation,
                    claim_revision=row.claim_revision,
                    score=row.score,
                    engine=EngineDescription(**row.engine) if row.engine else None,
                    who=row.who,
                    at=row.at,
                )

    def purge(self, before: datetime) -> int:
        """Deletes all judgements made before this moment and returns how many they were."""
        with self._database.writing() as connection:
            return connection.execute(delete(feedback).where(feedback.c.at < before)).rowcount
