"""Tiny models and tiny data, made on the spot: what tests train instead of real ones."""

import csv
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

WORDS = {
    "good": ["good", "great", "lovely", "fine", "super", "happy"],
    "bad": ["bad", "awful", "poor", "sad", "broken", "angry"],
}
FILLER = ["the", "film", "was", "a", "very", "story", "and", "with", "some", "music", "it", "felt"]


def words_of(texts: Iterable[str]) -> list[str]:
    """What the tiny tokenizer makes words of, each once."""
    return list(dict.fromkeys(re.findall(r"\w+|[^\w\s]", " ".join(texts))))


def write_tokenizer(folder: Path, words: Iterable[str], **changes: Any) -> int:
    """A word-level tokenizer of these words, as BERT marks texts; returns how many tokens there are.

    changes: of its settings.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = list(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.decoder = decoders.WordPiece()
    marks = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    settings = {**marks, "mask_token": "[MASK]", "model_max_length": 64, **changes}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **settings).save_pretrained(folder)
    return len(vocabulary)


def write_text_model(folder: Path, words: Iterable[str] = (), **changes: Any) -> Path:
    """A BERT of two layers with a word-level vocabulary, without a head; about 20,000 parameters.

    words: that it knows, if not those of the reviews. changes: of its configuration.
    """
    from transformers import BertConfig, BertModel, set_seed

    known = write_tokenizer(folder, words or (*FILLER, *WORDS["good"], *WORDS["bad"]))
    set_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = BertConfig(vocab_size=known, **{**shape, "max_position_embeddings": 64, **changes})
    BertModel(config).save_pretrained(folder)
    return folder


def write_writer(folder: Path, words: Iterable[str], kind: str = "t5", **changes: Any) -> Path:
    """A T5 or a BART of one layer each with a word-level vocabulary. changes: of its configuration."""
    import transformers as t

    known = write_tokenizer(folder, words)
    t.set_seed(0)
    marks = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "vocab_size": known}
    if kind == "t5":
        shape = {"d_model": 48, "d_kv": 12, "d_ff": 96, "num_layers": 1, "num_decoder_layers": 1, "num_heads": 4}
        config: Any = t.T5Config(**{**marks, **shape, "decoder_start_token_id": 0, "dropout_rate": 0.0, **changes})
    else:
        shape = {"d_model": 48, "encoder_layers": 1, "decoder_layers": 1, "max_position_embeddings": 64}
        shape |= {f"{part}_{name}": value for part in ("encoder", "decoder") for name, value in
                  (("attention_heads", 4), ("ffn_dim", 96))}  # fmt: skip
        start = {"decoder_start_token_id": 3, "forced_eos_token_id": None, "dropout": 0.0}
        config = t.BartConfig(**{**marks, **shape, **start, **changes})
    t.AutoModelForSeq2SeqLM.from_config(config).save_pretrained(folder)
    return folder


def write_language_model(folder: Path, words: Iterable[str], kind: str = "llama", **changes: Any) -> Path:
    """A Llama or a GPT-2 of two layers with a word-level vocabulary. changes: of its configuration."""
    import transformers as t

    known = write_tokenizer(folder, [*words, "User", "Assistant", ":"], eos_token="[SEP]")
    t.set_seed(0)
    marks = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "vocab_size": known}
    if kind == "gpt2":
        shape = {"n_embd": 48, "n_layer": 2, "n_head": 4, "n_positions": 64}
        config: Any = t.GPT2Config(**{**marks, **shape, **changes})
    else:
        shape = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
        config = t.LlamaConfig(**{**marks, **shape, "max_position_embeddings": 64, **changes})
    t.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def write_image_model(folder: Path) -> Path:
    """A ResNet of two stages at 32 px with its image processor, without a head. It has seen one batch of noise."""
    import torch
    from transformers import ConvNextImageProcessor, ResNetConfig, ResNetModel, set_seed

    set_seed(0)
    config = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", downsample_in_first_stage=False
    )
    model = ResNetModel(config).train()
    with torch.no_grad():
        model(torch.rand(4, 3, 32, 32))
    model.save_pretrained(folder)
    ConvNextImageProcessor(size={"shortest_edge": 32}, crop_pct=1.0).save_pretrained(folder)
    return folder


def review(label: str, rng: random.Random) -> str:
    words = rng.choices(FILLER, k=rng.randint(3, 9)) + rng.choices(WORDS[label], k=2)
    rng.shuffle(words)
    return " ".join(words)


def write_reviews(path: Path, rows: int = 80, seed: int = 0) -> Path:
    """A CSV `text,label` that the tiny model can learn."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for index in range(rows):
            label = ("good", "bad")[index % 2]
            writer.writerow([review(label, rng), label])
    return path


def write_lengths(path: Path, rows: int = 80, seed: int = 0) -> Path:
    """A CSV `text,number`: the number is 100 for each word of praise in the text, and 50 besides."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "number"])
        for index in range(rows):
            words = rng.choices(FILLER, k=rng.randint(3, 9)) + rng.choices(WORDS["good"], k=index % 4)
            rng.shuffle(words)
            writer.writerow([" ".join(words), 100 * (index % 4) + 50])
    return path


def write_labelled(path: Path, rows: int = 80, seed: int = 0) -> Path:
    """A CSV `text,good,bad,long`: a column of 0 and 1 for each label of a text."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "good", "bad", "long"])
        for index in range(rows):
            labels = [index % 2, index // 2 % 2, index // 4 % 2]
            words = rng.choices(FILLER, k=14 if labels[2] else 4)
            for label, there in zip(("good", "bad"), labels, strict=False):
                words += rng.choices(WORDS[label], k=2 * there)
            rng.shuffle(words)
            writer.writerow([" ".join(words), *labels])
    return path


def write_striped(path: Path, rows: int = 40) -> Path:
    """A ZIP of images, each with none, one or two labels, in a list with a semicolon between."""
    return write_listed_images(
        path, "labels", lambda stripes, row: (f"{stripes}; striped", f"{stripes}", "[]")[row // 2 % 3], rows
    )


def write_weighed(path: Path, rows: int = 40) -> Path:
    """A ZIP of images, each with a number."""
    return write_listed_images(path, "number", lambda stripes, row: str(300 + 50 * (stripes == "across") + row), rows)


def write_listed_images(path: Path, column: str, cells: Callable[[str, int], str], rows: int = 40) -> Path:
    """A ZIP of striped images and a table `image,COLUMN`. cells: (stripes, number of the row) -> the cell."""
    rng, lines = random.Random(0), StringIO()
    table = csv.writer(lines)
    table.writerow(["image", column])
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(rows):
            label = ("across", "upright")[index % 2]
            archive.writestr(f"{index:03}.png", image(label, rng))
            table.writerow([f"{index:03}.png", cells(label, index)])
        archive.writestr("table.csv", lines.getvalue())
    return path


def write_questions(path: Path, rows: int = 80, seed: int = 0) -> Path:
    """A CSV `context,question,answer`: which word of praise or of blame is in the text? A few have none."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["context", "question", "answer"])
        for index in range(rows):
            label = ("good", "bad")[index % 2]
            answer = "[]" if index % 9 == 8 else rng.choice(WORDS[label])
            words = rng.choices(FILLER, k=rng.randint(8, 30)) + ([] if answer == "[]" else [answer])
            rng.shuffle(words)
            writer.writerow([" ".join(words), f"was it {label}", answer])
    return path


def write_choices(path: Path, rows: int = 80, seed: int = 0) -> Path:
    """A CSV `question,a,b,c,d,answer`: which of four texts praises, or which blames? A to D says it."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["question", "a", "b", "c", "d", "answer"])
        for index in range(rows):
            asked, other = ("good", "bad") if index % 2 else ("bad", "good")
            place = rng.randrange(4)
            texts = [review(asked if place == number else other, rng) for number in range(4)]
            writer.writerow([f"was it {asked}", *texts, "ABCD"[place]])
    return path


def write_pairs(path: Path, rows: int = 80, seed: int = 0) -> Path:
    """A CSV `sentence1,sentence2,label`: do both praise or blame alike?"""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sentence1", "sentence2", "label"])
        for index in range(rows):
            one, other = ("good", "bad")[index % 2], ("good", "bad")[index // 2 % 2]
            writer.writerow([review(one, rng), review(other, rng), "alike" if one == other else "unlike"])
    return path


def write_table(path: Path, rows: int = 80, seed: int = 0) -> Path:
    """A CSV `mood,story,music,stars,label`: words in columns of their own; the mood decides the label."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["mood", "story", "music", "stars", "label"])
        for index in range(rows):
            label = ("good", "bad")[index % 2]
            writer.writerow([rng.choice(WORDS[label]), *rng.choices(FILLER, k=2), index % 5, label])
    return path


def write_matches(path: Path, rows: int = 60, seed: int = 0) -> Path:
    """A CSV `query,match,negative`: two words of a text are asked for; some rows name a text that has neither."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["query", "match", "negative"])
        for index in range(rows):
            words = rng.sample(FILLER, k=6)
            asked, other = rng.sample(words, k=2), [word for word in FILLER if word not in words]
            writer.writerow([" ".join(asked), " ".join(words), " ".join(other) if index % 3 else ""])
    return path


def write_likes(path: Path, people: int = 24, each: int = 5, seed: int = 0) -> Path:
    """A CSV `user,item,rating,day`: two kinds of people, who like texts with one half of the words; some do not."""
    rng = random.Random(seed)
    halves = FILLER[::2], FILLER[1::2]
    texts = [sorted({" ".join(rng.sample(half, k=3)) for _ in range(12)}) for half in halves]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["user", "item", "rating", "day"])
        for person in range(people):
            chosen = rng.sample(texts[person % 2], k=each)
            who, other = f"person {person}", rng.choice(texts[1 - person % 2])
            rows = [[who, text, rng.choice("45"), f"2026-01-{day + 1:02}"] for day, text in enumerate(chosen)]
            writer.writerows([*rows, [who, other, 1, "2026-02-01"]])
    return path


def write_echoes(path: Path, rows: int = 60, seed: int = 0) -> Path:
    """A CSV `source,target`: a few words, and the same in the other order."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["source", "target"])
        for _ in range(rows):
            words = rng.choices(FILLER, k=rng.randint(3, 6))
            writer.writerow([" ".join(words), " ".join(words[::-1])])
    return path


def write_talk(path: Path, rows: int = 60, seed: int = 0) -> Path:
    """JSONL of conversations: a few words are said twice, and the second answer is in the other order."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(rows):
            words = rng.choices(FILLER, k=rng.randint(2, 4))
            said, back = " ".join(words), " ".join(words[::-1])
            turns = [("user", said), ("assistant", said), ("user", said), ("assistant", back)]
            file.write(json.dumps({"messages": [{"role": role, "content": text} for role, text in turns]}) + "\n")
    return path


def write_preferences(path: Path, rows: int = 60, seed: int = 0) -> Path:
    """JSONL `prompt,chosen,rejected`: praise is the better answer."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        for _ in range(rows):
            good, bad = (" ".join(rng.choices(WORDS[label], k=3)) for label in ("good", "bad"))
            row = {"prompt": " ".join(rng.choices(FILLER, k=4)), "chosen": good, "rejected": bad}
            file.write(json.dumps(row) + "\n")
    return path


def write_story(path: Path, paragraphs: int = 80, seed: int = 0) -> Path:
    """Running text in paragraphs."""
    rng = random.Random(seed)
    told = [" ".join(rng.choices(FILLER, k=40)) for _ in range(paragraphs)]
    path.write_text("\n\n".join(told), encoding="utf-8")
    return path


def write_marked_words(path: Path, rows: int = 80, seed: int = 0) -> Path:
    """JSONL with `text` and `spans`: words of praise and of blame are marked."""
    rng = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        for index in range(rows):
            words = [(word, "") for word in rng.choices(FILLER, k=rng.randint(3, 7))]
            words += [
                (word, label) for label in WORDS for word in rng.choices(WORDS[label], k=(index + len(label)) % 3)
            ]
            rng.shuffle(words)
            spans, start = [], 0
            for word, label in words:
                if label:
                    spans.append({"start": start, "end": start + len(word), "label": label})
                start += len(word) + 1
            file.write(json.dumps({"text": " ".join(word for word, _ in words), "spans": spans}) + "\n")
    return path


def write_boxes(path: Path, rows: int = 24, seed: int = 0) -> Path:
    """A ZIP of images and a table `image,boxes`: bright squares and dark bars on grey."""
    import numpy
    from PIL import Image

    rng = random.Random(seed)
    table = [["image", "boxes"]]
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(rows):
            pixels = numpy.full((64, 64, 3), 120, "uint8")
            boxes = []
            for label, (width, height), grey in (("square", (20, 20), 250), ("bar", (28, 8), 5)):
                left = rng.randrange(64 - width)
                top = rng.randrange(2, 32 - height) + (32 if label == "bar" else 0)
                pixels[top : top + height, left : left + width] = grey
                boxes.append({"box": [left, top, width, height], "label": label})
            buffer = BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            archive.writestr(f"{index:03}.png", buffer.getvalue())
            table.append([f"{index:03}.png", json.dumps(boxes)])
        lines = StringIO()
        csv.writer(lines).writerows(table)
        archive.writestr("boxes.csv", lines.getvalue())
    return path


def write_detection_model(folder: Path, kind: str = "detr", **changes: Any) -> Path:
    """A DETR or a YOLOS of two layers at 64 px, with its image processor.

    changes: of its configuration.
    """
    import transformers as t

    t.set_seed(0)
    if kind == "yolos":
        shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
        image = {"image_size": [64, 64], "patch_size": 16, "num_detection_tokens": 8}
        config = t.YolosConfig(**{**shape, **image, **changes})
        model, processor = t.YolosForObjectDetection(config), t.YolosImageProcessor()
    else:
        backbone = t.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
        backbone.out_features = ["stage2"]
        layers = {"encoder_layers": 2, "encoder_attention_heads": 4, "encoder_ffn_dim": 64}
        layers |= {name.replace("encoder", "decoder"): value for name, value in layers.items()}
        own = {"use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None}
        config = t.DetrConfig(**own, backbone_config=backbone, **{"d_model": 32, **layers, "num_queries": 8, **changes})
        model, processor = t.DetrForObjectDetection(config), t.DetrImageProcessor()
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def write_masked(path: Path, rows: int = 24, seed: int = 0) -> Path:
    """A ZIP of images/ and masks/ with a list of classes: bright squares and dark bars on grey."""
    import numpy
    from PIL import Image

    rng = random.Random(seed)
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(rows):
            pixels, mask = numpy.full((64, 64, 3), 120, "uint8"), numpy.zeros((64, 64), "uint8")
            for value, (width, height), grey in ((1, (24, 24), 250), (2, (36, 12), 5)):
                left, top = rng.randrange(64 - width), rng.randrange(2, 32 - height) + (32 if value == 2 else 0)
                pixels[top : top + height, left : left + width] = grey
                mask[top : top + height, left : left + width] = value
            for name, content in ((f"images/{index:03}.png", pixels), (f"masks/{index:03}.png", mask)):
                buffer = BytesIO()
                Image.fromarray(content).save(buffer, "PNG")
                archive.writestr(name, buffer.getvalue())
        archive.writestr("classes.txt", "background\nsquare\nbar\n")
    return path


def write_segmentation_model(folder: Path, kind: str = "segformer") -> Path:
    """A SegFormer of two stages, a MobileNetV2 under DeepLab, or a Mask2Former, with its image processor."""
    import transformers as t

    t.set_seed(0)
    if kind == "segformer":
        shape = {"num_encoder_blocks": 2, "depths": [1, 1], "sr_ratios": [4, 2], "hidden_sizes": [16, 32]}
        shape |= {"patch_sizes": [7, 3], "strides": [4, 2], "num_attention_heads": [1, 2], "mlp_ratios": [2, 2]}
        quiet = {"classifier_dropout_prob": 0.0, "drop_path_rate": 0.0}
        model: Any = t.SegformerForSemanticSegmentation(t.SegformerConfig(**shape, **quiet, decoder_hidden_size=32))
        processor: Any = t.SegformerImageProcessor()
    elif kind == "mask2former":
        small = {"embed_dim": 16, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 2], "window_size": 4}
        stages = [f"stage{number}" for number in range(1, 5)]
        backbone = t.SwinConfig(**small, image_size=64, drop_path_rate=0.0, out_features=stages)
        shape = {"feature_size": 32, "mask_feature_size": 32, "hidden_dim": 32, "encoder_feedforward_dim": 64}
        shape |= {"dim_feedforward": 64, "encoder_layers": 1, "decoder_layers": 3, "num_attention_heads": 2}
        shape |= {"num_queries": 8, "train_num_points": 256}
        model = t.Mask2FormerForUniversalSegmentation(t.Mask2FormerConfig(**shape, backbone_config=backbone))
        processor = t.Mask2FormerImageProcessor()
    else:
        config = t.MobileNetV2Config(depth_multiplier=0.35, image_size=64, classifier_dropout_prob=0.0)
        model, processor = t.MobileNetV2ForSemanticSegmentation(config), t.MobileNetV2ImageProcessor()
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def write_described(path: Path, rows: int = 24, seed: int = 0) -> Path:
    """A ZIP of grey images, bright or dark, left and right, and a table `image,question,caption`."""
    import numpy
    from PIL import Image

    rng, lines = random.Random(seed), StringIO()
    table = csv.writer(lines)
    table.writerow(["image", "question", "caption"])
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(rows):
            pixels, shades = numpy.zeros((32, 32, 3), "uint8"), (index % 2, index // 2 % 2)
            for side, shade in enumerate(shades):
                pixels[:, 16 * side : 16 * side + 16] = (30, 220)[shade] + rng.randrange(20)
            buffer = BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            archive.writestr(f"{index:03}.png", buffer.getvalue())
            asked, words = index // 4 % 2, [("dark", "bright")[shade] for shade in shades]
            question = ("what is left", "what is on the right")[asked]
            table.writerow([f"{index:03}.png", question, f"{words[0]} left and {words[1]} right"])
        archive.writestr("texts.csv", lines.getvalue())
    return path


def write_seeing_model(folder: Path, kind: str = "git") -> Path:
    """A GIT or a BLIP of one layer each at 32 px with a word-level vocabulary."""
    import transformers as t

    words = ["dark", "bright", "left", "and", "right", "what", "is", "on", "the"]
    known = write_tokenizer(folder, words)
    tokenizer = t.AutoTokenizer.from_pretrained(folder)
    t.set_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    marks = {"vocab_size": known, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    seen = {**shape, "image_size": 32, "patch_size": 16}
    image_processor = t.CLIPImageProcessor(size={"height": 32, "width": 32}, do_center_crop=False)
    if kind == "git":
        config: Any = t.GitConfig(vision_config=seen, **shape, **quiet, **marks, max_position_embeddings=64)
        model, processor = t.GitForCausalLM(config), t.GitProcessor(image_processor, tokenizer)
    else:
        text = {**shape, **quiet, **marks, "sep_token_id": 3, "encoder_hidden_size": 32, "max_position_embeddings": 64}
        config = t.BlipConfig(vision_config=seen, text_config=text, projection_dim=16, image_text_hidden_size=16)
        model, processor = t.BlipForConditionalGeneration(config), t.BlipProcessor(image_processor, tokenizer)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def write_sound_model(folder: Path, kind: str = "whisper", **changes: Any) -> Path:
    """A Whisper that hears two seconds, a HuBERT or an AST of one layer or two, with its feature extractor.

    changes: of its configuration.
    """
    import transformers as t

    t.set_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    quiet = {"hidden_dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0, "feat_proj_dropout": 0.0}
    quiet |= {"final_dropout": 0.0, "layerdrop": 0.0, "mask_time_prob": 0.0, "apply_spec_augment": False}
    if kind == "whisper":
        layers = {"encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
        layers |= {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "d_model": 32, "num_mel_bins": 16}
        marks = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "decoder_start_token_id": 2, "vocab_size": 40}
        marks |= {"begin_suppress_tokens": None, "suppress_tokens": None}
        config = t.WhisperConfig(**{**layers, **marks, "max_source_positions": 100, **changes})
        model: Any = t.WhisperForConditionalGeneration(config)
        processor: Any = t.WhisperFeatureExtractor(feature_size=16, chunk_length=2)
    elif kind == "ast":
        config = t.ASTConfig(**{**shape, "max_length": 32, "num_mel_bins": 16, "hidden_dropout_prob": 0.0, **changes})
        model, processor = t.ASTModel(config), t.ASTFeatureExtractor(num_mel_bins=16, max_length=32)
    else:
        sound = {"conv_dim": (16, 16, 16), "conv_stride": (10, 8, 4), "conv_kernel": (10, 8, 4)}
        sound |= {"num_feat_extract_layers": 3, "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
        made = {"hubert": t.HubertConfig, "wav2vec2": t.Wav2Vec2Config}[kind]
        config = made(**{**shape, **quiet, **sound, "vocab_size": 40, **changes})
        model, processor = t.AutoModel.from_config(config), t.Wav2Vec2FeatureExtractor(return_attention_mask=False)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def write_speech_model(folder: Path) -> Path:
    """A Whisper that hears two seconds and writes letters."""
    import string

    import transformers as t

    marks = ["endoftext", "startoftranscript", "en", "transcribe", "translate", "notimestamps", "startofprev"]
    marks += ["startoflm", "nospeech"]
    known = [*string.ascii_lowercase, "Ġ", *(f"<|{mark}|>" for mark in marks)]
    special = [token for token in known if token.startswith("<|")]
    vocabulary = {token: place for place, token in enumerate(known)}
    tokenizer = t.WhisperTokenizer(vocab=vocabulary, merges=[], extra_special_tokens=special)
    end, start = known.index("<|endoftext|>"), known.index("<|startoftranscript|>")
    own = {"pad_token_id": end, "bos_token_id": end, "eos_token_id": end, "decoder_start_token_id": start}
    write_sound_model(folder, vocab_size=len(known), **own)
    (folder / "preprocessor_config.json").unlink()
    t.WhisperProcessor(t.WhisperFeatureExtractor(feature_size=16, chunk_length=2), tokenizer).save_pretrained(folder)
    return folder


def write_letters_model(folder: Path, mask: bool = True) -> Path:
    """A wav2vec2 that writes letters, and knows no small ones. mask: whether it is told where a recording ends."""
    import json
    import string

    import transformers as t

    known = ["<pad>", "<s>", "</s>", "<unk>", "|", *string.ascii_uppercase]
    marks = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "vocab_size": len(known)}
    write_sound_model(
        folder, "wav2vec2", **marks, do_stable_layer_norm=mask, feat_extract_norm="layer" if mask else "group"
    )
    config = t.AutoConfig.from_pretrained(folder)
    t.set_seed(0)
    t.Wav2Vec2ForCTC(config).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({name: place for place, name in enumerate(known)}))
    tokenizer = t.Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    t.Wav2Vec2Processor(t.Wav2Vec2FeatureExtractor(return_attention_mask=mask), tokenizer).save_pretrained(folder)
    return folder


def write_spoken(path: Path, rows: int = 40, seed: int = 0) -> Path:
    """A ZIP of recordings and a table `file,transcript`: "low" or "high"."""
    rng, lines = random.Random(seed), StringIO()
    table = csv.writer(lines)
    table.writerow(["file", "transcript"])
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(rows):
            label = ("low", "high")[index % 2]
            archive.writestr(f"{index:03}.wav", sound(label, rng))
            table.writerow([f"{index:03}.wav", label])
        archive.writestr("texts.csv", lines.getvalue())
    return path


def sound(label: str, rng: random.Random, seconds: float = 0.5, rate: int = 8000) -> bytes:
    """A WAV: a low tone or a high one, in noise."""
    import numpy
    import soundfile

    noise = numpy.random.default_rng(rng.randrange(2**32)).normal(0, 0.02, int(seconds * rate))
    height = {"low": 300, "high": 1500}[label] * rng.uniform(0.8, 1.2)
    buffer = BytesIO()
    soundfile.write(
        buffer, noise + 0.3 * numpy.sin(numpy.arange(len(noise)) * height * 2 * numpy.pi / rate), rate, format="WAV"
    )
    return buffer.getvalue()


def write_sounds(path: Path, rows: int = 40, seed: int = 0) -> Path:
    """A ZIP of class folders of recordings."""
    rng = random.Random(seed)
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(rows):
            label = ("low", "high")[index % 2]
            archive.writestr(f"{label}/{index:03}.wav", sound(label, rng, 0.3 + rng.random() / 2))
    return path


def image(label: str, rng: random.Random, size: int = 32) -> bytes:
    """A PNG: stripes that lie ("across") or stand ("upright"), in noise."""
    import numpy
    from PIL import Image

    noise = numpy.random.default_rng(rng.randrange(2**32)).integers(0, 90, (size, size, 3))
    stripes = ((numpy.arange(size) + rng.randrange(8)) // 4 % 2 * 150)[:, None, None]
    pixels = noise + (stripes if label == "across" else stripes.transpose(1, 0, 2))
    buffer = BytesIO()
    Image.fromarray(pixels.astype("uint8")).save(buffer, "PNG")
    return buffer.getvalue()


def write_images(path: Path, rows: int = 40, seed: int = 0, splits: tuple[str, ...] = ()) -> Path:
    """A ZIP of class folders, below each of `splits` (train, val, ...) if given."""
    rng = random.Random(seed)
    with zipfile.ZipFile(path, "w") as archive:
        for split in splits or ("",):
            for index in range(rows):
                label = ("across", "upright")[index % 2]
                archive.writestr("/".join(filter(None, (split, label, f"{index:03}.png"))), image(label, rng))
    return path
