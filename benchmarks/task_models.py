"""Models that nobody has pretrained and that can be made here: a detector on the photo starter, and a translator.

Both only have to be small enough for a processor; neither is what one would take where the Hub can be reached.
"""

import csv
from pathlib import Path

SIDE = 256
LAYERS = {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4}
WIDTHS = {"d_model": 192, "encoder_ffn_dim": 512, "decoder_ffn_dim": 512}


def detector(data: Path, folder: Path) -> Path:
    """An RT-DETR of 5 million parameters: the photo starter's layers as its backbone, everything else untrained."""
    import torch
    from safetensors.torch import load_file
    from transformers import RTDetrConfig, RTDetrForObjectDetection, RTDetrImageProcessor, TimmBackboneConfig

    from studio.models.starters import STARTERS, locate_starter
    from studio.paths import Home

    starter = locate_starter(STARTERS["photo"], Home(folder))
    assert starter is not None
    torch.manual_seed(7)
    backbone = TimmBackboneConfig(
        backbone="tf_efficientnet_lite0", out_indices=(2, 3, 4), use_pretrained_backbone=False
    )
    config = RTDetrConfig(
        backbone_config=backbone, backbone=None, use_timm_backbone=False, encoder_in_channels=[40, 112, 320],
        encoder_hidden_dim=128, d_model=128, encoder_ffn_dim=256, decoder_ffn_dim=256, encoder_attention_heads=4,
        decoder_attention_heads=4, decoder_in_channels=[128, 128, 128], decoder_layers=3, num_queries=60,
        num_denoising=50, hidden_expansion=0.5, eval_size=None, num_labels=3,
    )  # fmt: skip
    model = RTDetrForObjectDetection(config)
    known = {
        name.removeprefix("timm_model."): values for name, values in load_file(starter / "model.safetensors").items()
    }
    own = model.state_dict()
    taken = {
        name: known[end] for name in own if (end := name.rpartition("_backbone.")[2]) in known and "backbone" in name
    }
    assert len(taken) > 200, sorted(own)[:5]
    model.load_state_dict(taken, strict=False)
    place = folder / "detector"
    model.save_pretrained(place)
    RTDetrImageProcessor(
        size={"height": SIDE, "width": SIDE}, do_normalize=True, image_mean=[0.5] * 3, image_std=[0.5] * 3
    ).save_pretrained(place)
    return place


def translator(data: Path, folder: Path) -> Path:
    """A Marian of two and two layers, untrained, and a tokenizer of 4,000 pieces of words from both languages."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import MarianConfig, MarianMTModel, PreTrainedTokenizerFast

    with (data / "translation/en_sv.csv").open(encoding="utf-8", newline="") as file:
        texts = [text for row in csv.DictReader(file) for text in (row["source"], row["target"])]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=4000, special_tokens=["<pad>", "</s>", "<unk>"], show_progress=False)
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    place = folder / "translator"
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=128
    ).save_pretrained(place)
    torch.manual_seed(7)
    special = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0, "forced_eos_token_id": None}
    config = MarianConfig(
        vocab_size=4000, max_position_embeddings=128, scale_embedding=True, dropout=0.1, **LAYERS, **WIDTHS, **special
    )
    MarianMTModel(config).save_pretrained(place)
    return place
