"""Document numbers (文号) without gaps."""

from grid.casework.models import DocumentSeries
from grid.organisations.models import Organisation


def take_number(organisation: Organisation, *, word: str, year: int) -> str:
    """
    Return the next document number, as 清信复〔2026〕12号.

    The row of the series stays locked until the caller's transaction ends, so a rolled back document
    leaves no gap.
    """
    DocumentSeries.objects.bulk_create(
        [DocumentSeries(organisation=organisation, word=word, year=year)], ignore_conflicts=True
    )
    series = DocumentSeries.objects.select_for_update().get(organisation=organisation, word=word, year=year)
    series.last += 1
    series.save(update_fields=["last"])
    return f"{word}〔{year}〕{series.last}号"
