"""Train the lab's models again: `python scripts/train_models.py` writes src/infctl/lab/models.

Runs in an environment of its own, made from requirements/training.txt. The data sets are those that
scikit-learn carries: handwritten digits (UCI Optical Recognition of Handwritten Digits) and wine
(UCI Wine). A version is published once: its digest changes with any weight, so train a new version
rather than an old one again.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

TARGET = Path(__file__).parent.parent / "src" / "infctl" / "lab" / "models"
SEED = 20
OPSET = 21
ACCURACY_FLOOR = 0.90
GOLDEN_EXAMPLES = 3
_DATATYPES = {"tensor(float)": "FP32", "tensor(int64)": "INT64"}


@dataclass(frozen=True)
class Recipe:
    """One version of a model: where its data is from, and what is fitted to it."""

    name: str
    version: str
    load: Callable[..., Any]
    estimator: Any


RECIPES = (
    Recipe("digits", "v1", load_digits, LogisticRegression(C=0.1, max_iter=500)),
    Recipe("digits", "v2", load_digits, MLPClassifier((48,), max_iter=400, random_state=SEED)),
    Recipe("wine", "v1", load_wine, LogisticRegression(C=0.5, max_iter=500)),
    Recipe("wine", "v2", load_wine, MLPClassifier((16,), max_iter=2000, random_state=SEED)),
)


def main() -> None:
    """Train, export and record all versions."""
    for recipe in RECIPES:
        manifest = publish(recipe, TARGET / recipe.name / recipe.version)
        print(recipe.name, recipe.version, manifest["accuracy"], manifest["digest"])


def publish(recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Write model.onnx and manifest.json of a version; the accuracy is the exported file's."""
    rows, labels = recipe.load(return_X_y=True)
    split = train_test_split(
        rows.astype(np.float32), labels, test_size=0.3, random_state=SEED, stratify=labels
    )
    train_rows, held_out_rows, train_labels, held_out_labels = split
    pipeline = make_pipeline(StandardScaler(), recipe.estimator).fit(train_rows, train_labels)
    content = export(pipeline, train_rows.shape[1])
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    accuracy = float(
        np.mean(session.run(["label"], {"input": held_out_rows})[0] == held_out_labels)
    )
    if accuracy < ACCURACY_FLOOR:
        raise SystemExit(f"{recipe.name} {recipe.version} is right in {accuracy:.1%} only")
    manifest = {
        "name": recipe.name,
        "version": recipe.version,
        "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "inputs": [describe(tensor) for tensor in session.get_inputs()],
        "outputs": [describe(tensor) for tensor in session.get_outputs()],
        "accuracy": round(accuracy, 4),
        "golden": [infer(session, row) for row in held_out_rows[:GOLDEN_EXAMPLES]],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def export(pipeline: Pipeline, columns: int) -> bytes:
    """The pipeline as ONNX: `input` in, `label` and `probabilities` out."""
    model = to_onnx(
        pipeline,
        initial_types=[("input", FloatTensorType([None, columns]))],
        options={"zipmap": False},
        target_opset={"": OPSET, "ai.onnx.ml": 3},
    )
    # Unnamed dimensions and the exporter's own version would only make equal models differ.
    model.producer_version = ""
    for output in model.graph.output:
        output.type.tensor_type.shape.dim[0].dim_param = "rows"
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "rows"
    return model.SerializeToString(deterministic=True)


def describe(tensor: Any) -> dict[str, Any]:
    """A tensor as the Open Inference Protocol describes it; -1 is any number of rows."""
    shape = [size if isinstance(size, int) else -1 for size in tensor.shape]
    return {"name": tensor.name, "datatype": _DATATYPES[tensor.type], "shape": shape}


def infer(session: onnxruntime.InferenceSession, row: np.ndarray) -> dict[str, Any]:
    """A golden example: one row, and what the model answers to it."""
    names = [tensor.name for tensor in session.get_outputs()]
    answers = session.run(names, {"input": row[np.newaxis]})
    return {
        "inputs": [encode("input", row[np.newaxis])],
        "outputs": [encode(name, answer) for name, answer in zip(names, answers, strict=True)],
    }


def encode(name: str, values: np.ndarray) -> dict[str, Any]:
    """A tensor with its data."""
    datatype = "FP32" if values.dtype == np.float32 else "INT64"
    data = [float(f"{v:.7g}") if datatype == "FP32" else int(v) for v in values.ravel()]
    return {"name": name, "datatype": datatype, "shape": list(values.shape), "data": data}


if __name__ == "__main__":
    main()
