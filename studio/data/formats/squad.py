"""SQuAD's JSON: articles with paragraphs, each with questions and their answers.

https://rajpurkar.github.io/SQuAD-explorer/
"""

from typing import Any


def is_article(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("paragraphs"), list)


def flatten(articles: list[Any]) -> list[Any]:
    """One object a question: `context`, `question` and `answers`, a list that is empty where there is none."""
    return [
        {
            "context": paragraph.get("context"),
            "question": asked.get("question"),
            "answers": _answers(asked),
            "title": article.get("title"),
        }
        for article in articles
        if is_article(article)
        for paragraph in article["paragraphs"]
        if isinstance(paragraph, dict) and isinstance(paragraph.get("qas"), list)
        for asked in paragraph["qas"]
        if isinstance(asked, dict)
    ]


def _answers(asked: dict[str, Any]) -> Any:
    """Version 2 writes plausible answers beside a question that has none; these are left out."""
    return [] if asked.get("is_impossible") else asked.get("answers")
