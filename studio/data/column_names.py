"""What people call the columns of their data, in several languages."""

import re

TEXTS = (
    "text", "sentence", "review", "comment", "message", "content", "body", "tweet", "question", "utterance",
    "comment_text", "review_text", "document", "post", "description", "nachricht", "kommentar", "satz", "inhalt",
    "anliegen", "beschreibung", "texte", "commentaire", "phrase", "contenu", "texto", "comentario", "mensaje",
    "reseña", "contenido", "opinión", "comentário", "mensagem", "conteúdo", "testo", "commento", "messaggio",
    "recensione", "tekst", "bericht", "opmerking", "treść", "komentarz", "wiadomość", "opinia", "текст", "сообщение",
    "отзыв", "комментарий", "metin", "yorum", "mesaj", "κείμενο", "σχόλιο", "文本", "内容", "评论", "文字", "內容",
    "評論", "テキスト", "本文", "文章", "コメント", "レビュー", "텍스트", "내용", "문장", "리뷰", "댓글", "النص", "نص",
    "تعليق", "पाठ", "टिप्पणी", "ข้อความ", "รีวิว", "văn bản", "nội dung",
)  # fmt: skip
CLASSES = (
    "label", "class", "category", "target", "sentiment", "intent", "y", "topic", "tag", "labels", "rating", "stars",
    "score", "emotion", "polarity", "genre", "klasse", "kategorie", "bewertung", "note", "sterne", "thema", "stimmung",
    "classe", "catégorie", "étiquette", "avis", "étoiles", "sujet", "clase", "categoría", "etiqueta", "puntuación",
    "valoración", "estrellas", "tema", "categoria", "rótulo", "nota", "avaliação", "estrelas", "etichetta", "voto",
    "valutazione", "categorie", "beoordeling", "sterren", "onderwerp", "klasa", "kategoria", "etykieta", "ocena",
    "класс", "категория", "метка", "оценка", "тональность", "тема", "sınıf", "kategori", "etiket", "puan", "duygu",
    "κατηγορία", "ετικέτα", "标签", "类别", "分类", "评分", "情感", "標籤", "類別", "分類", "ラベル", "カテゴリ",
    "カテゴリー", "評価", "感情", "라벨", "레이블", "분류", "카테고리", "평점", "감정", "التصنيف", "الفئة", "تصنيف",
    "लेबल", "श्रेणी", "ป้ายกำกับ", "หมวดหมู่", "nhãn", "diagnosis", "outcome", "result", "species", "diagnose", "ergebnis",
    "diagnostic", "résultat", "diagnóstico", "resultado", "诊断", "结果", "診断", "結果",
    "team", "queue", "department", "abteilung", "departamento", "afdeling", "部门", "部署",
)  # fmt: skip
OTHERS = (
    "title", "answer", "input", "output", "id", "index", "name", "image", "file", "filename", "path", "source", "split",
    "set", "date", "url", "response", "instruction", "context", "nr", "no", "datum", "titel", "titre", "título",
    "titolo", "created", "received", "time", "user", "author", "subject", "betreff", "number", "value", "price",
)  # fmt: skip
KNOWN_NAMES = frozenset((*TEXTS, *CLASSES, *OTHERS)) - {"y", "note", "no", "avis"}  # words of sentences
AMBIGUOUS = frozenset(("note", "nota", "tag", "avis"))  # a mark or a remark, a label or a day: what is in it decides
ID_WORDS = {
    "id", "ids", "uuid", "guid", "nr", "no", "num", "number", "key", "identifier", "kennung", "nummer", "numéro",
    "numero", "número", "identifiant", "identificador", "index", "编号", "序号", "番号",
}  # fmt: skip
ID_ENDS = ("nummer", "kennung", "编号", "序号", "番号")  # of words that are written as one
_WORDS = re.compile(r"[^\W\d_]+")
_HUMP = re.compile(r"(?<=[a-zäöü])(?=[A-Z])")  # customerId


def is_called_an_id(name: str) -> bool:
    """Whether it is called a number or name of the rows."""
    words = words_of(name)
    return bool(words) and (words[-1] in ID_WORDS or words[0] in {"id", "uuid", "guid"} or words[-1].endswith(ID_ENDS))


def words_of(name: str) -> list[str]:
    """customerId, customer_id, Customer ID: customer, id."""
    return _WORDS.findall(_HUMP.sub(" ", name).casefold().replace("_", " "))
