"""What one writes in an afternoon: a Flask app that encodes and asks a flat index.

``CLAIMS`` names a JSON Lines file of ``{"id", "text"}``, ``INDEX`` the index over it, which
``python -m benchmarks.rivals.plain_flask`` makes, and ``TORCH_THREADS`` torch's threads.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import faiss
import torch
from flask import Flask, request
from sentence_transformers import SentenceTransformer

from service.inference import bundled

torch.set_num_threads(int(os.environ.get("TORCH_THREADS", "1")))
model = SentenceTransformer(str(bundled.model_folder()), device="cpu")
claims = [json.loads(row) for row in Path(os.environ["CLAIMS"]).read_text("utf-8").splitlines()]
app = Flask(__name__)


@app.post("/match")
def match() -> Any:
    """The five nearest wordings."""
    vector = model.encode([request.get_json()["text"]], normalize_embeddings=True)
    scores, places = index.search(vector, 5)
    return {
        "matches": [
            {"score": float(score), **claims[place]}
            for score, place in zip(scores[0], places[0], strict=True)
        ]
    }


if __name__ == "__main__":
    vectors = model.encode([each["text"] for each in claims], normalize_embeddings=True)
    made = faiss.IndexFlatIP(vectors.shape[1])
    made.add(vectors)
    faiss.write_index(made, os.environ["INDEX"])
else:
    index = faiss.read_index(os.environ["INDEX"])
