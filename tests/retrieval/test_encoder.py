"""The packaged encoder: served by OpenVINO it gives what sentence-transformers gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openvino")

from retrieval.device import has_cuda
from retrieval.encoder import (
    DEFAULT_ENCODER,
    Encoder,
    SentenceTransformerEncoder,
    open_encoder,
    prepare_encoder,
)
from retrieval.openvino_encoder import OpenVinoEncoder

pytestmark = pytest.mark.skipif(has_cuda(), reason="a GPU serves the encoder in another way")
TEXTS = ["a scary film set in space", "x", "", "Zoë's café — naïve", "sea " * 600,
         *[f"film {n} about the sea and number {n * n}" for n in range(70)]]  # fmt: skip


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return open_encoder(DEFAULT_ENCODER, tmp_path_factory.mktemp("encoder"))


def test_vectors_are_those_of_the_library(packed: Encoder) -> None:
    assert isinstance(packed, OpenVinoEncoder)
    library = SentenceTransformerEncoder(DEFAULT_ENCODER, "cpu")
    assert packed.name == library.name
    np.testing.assert_allclose(packed.encode(TEXTS), library.encode(TEXTS), atol=1e-5)


def test_company_does_not_change_a_vector(packed: Encoder) -> None:
    together = packed.encode(TEXTS)
    np.testing.assert_allclose(packed.encode(TEXTS[3:4])[0], together[3], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert packed.encode([]).shape == (0, together.shape[1])


def test_a_data_folder_that_cannot_be_written_costs_no_encoder(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").write_text("in the way")
    encoder = open_encoder(DEFAULT_ENCODER, tmp_path)
    assert encoder.encode(["a film"]).shape[0] == 1
    assert "is not served by OpenVINO" in caplog.text


def test_who_serves_brings_no_torch_into_the_process(tmp_path: Path) -> None:
    prepare_encoder(DEFAULT_ENCODER, tmp_path)
    code = (
        "import sys; from pathlib import Path; from retrieval.encoder import *\n"
        f"open_encoder(DEFAULT_ENCODER, Path({str(tmp_path)!r})).encode(['a film'])\n"
        "assert 'torch' not in sys.modules, 'torch'\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
