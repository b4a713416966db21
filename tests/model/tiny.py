"""A sentence-transformers model of a dozen words and random weights, made for a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Normalize
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
WORDS = ("война", "мир", "украина", "peace", "war", "query", ":", "ukraine")
LONGEST = 16


def make_tiny(
    folder: Path,
    *,
    pooling: Literal["mean", "cls", "max", "weightedmean"] = "mean",
    normalise: bool = False,
    prompts: Mapping[str, str] | None = None,
    padding_side: Literal["left", "right"] = "right",
    special_tokens: bool = True,
    include_prompt: bool = True,
    seed: int = 1,
) -> Path:
    """Writes the model into ``folder``, and returns that."""
    vocabulary = Tokenizer(
        WordLevel({word: n for n, word in enumerate(SPECIAL + WORDS)}, unk_token="[UNK]")
    )
    make: Any = Whitespace  # published without types
    vocabulary.pre_tokenizer = make()
    if special_tokens:
        make = TemplateProcessing
        vocabulary.post_processor = make(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    make = PreTrainedTokenizerFast
    tokenizer = make(
        tokenizer_object=vocabulary,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=LONGEST,
        padding_side=padding_side,
    )
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(SPECIAL + WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=LONGEST,
    )
    base = folder.with_name(folder.name + "-base")
    BertModel(config).save_pretrained(base)
    tokenizer.save_pretrained(base)
    transformer = Transformer(str(base), max_seq_length=LONGEST)
    modules: list[torch.nn.Module] = [
        transformer,
        Pooling(
            transformer.get_embedding_dimension(),
            pooling_mode=pooling,
            include_prompt=include_prompt,
        ),
    ]
    if normalise:
        modules.append(Normalize())
    model = SentenceTransformer(modules=modules, device="cpu", prompts=dict(prompts or {}))
    model.save(str(folder))
    return folder
