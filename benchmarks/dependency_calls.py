"""Which of the packages below Lingula open internet sockets by themselves.

Each is imported and put to the use that Lingula makes of it, for a while, under strace (Debian's
package), without any of the variables that Lingula sets. Nothing but what is made here is given to
them; with --silenced the variables are set. Packages that are not installed are left out.

    python benchmarks/dependency_calls.py --seconds 45
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lingula.network import HUB, SILENCED

MODEL = Path(__file__).parent.parent / "src" / "lingula" / "builtin" / "model"

_ENCODER = """
from transformers import AutoModel, BertConfig, BertModel
import tempfile
config = BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                    intermediate_size=16, vocab_size=50)
folder = tempfile.mkdtemp()
BertModel(config).save_pretrained(folder)
AutoModel.from_pretrained(folder)
"""
#: Name of the package, and what is done with it.
PROGRAMS = {
    "onnxruntime": f"""
import numpy, onnxruntime
session = onnxruntime.InferenceSession({str(MODEL / "model.int8.onnx")!r})
session.run(None, {{i.name: numpy.ones((1, 8), numpy.int64) for i in session.get_inputs()}})
""",
    "tokenizers": f"""
from tokenizers import Tokenizer
Tokenizer.from_file({str(MODEL / "tokenizer.json")!r}).encode("no effusion")
""",
    "huggingface_hub": "import huggingface_hub; huggingface_hub.HfApi()",
    "transformers": _ENCODER,
    "torch": "import torch; torch.nn.Linear(2, 2)(torch.ones(1, 2)).sum().backward()",
    "accelerate": """
import torch
from accelerate import Accelerator
Accelerator(cpu=True).prepare(torch.nn.Linear(2, 2))
""",
    "onnx": "import onnx",
    "pyarrow": "import pyarrow, pyarrow.csv, pyarrow.parquet",
    "pandas": "import pandas; pandas.DataFrame({'a': [1]})",
    "matplotlib": """
from matplotlib.figure import Figure
import io
Figure().add_subplot().figure.savefig(io.BytesIO(), format="svg")
""",
    "jinja2": "import jinja2; jinja2.Template('{{ a }}').render(a=1)",
    "datasketch": "from datasketch import MinHash; MinHash().update(b'a')",
    "cleanlab": "import cleanlab.filter, cleanlab.rank",
    "statsmodels": "import statsmodels.stats.inter_rater",
    "krippendorff": "import krippendorff",
    "ctranslate2": "import ctranslate2",
    "monai": "import monai.networks.nets as n; n.DenseNet121(2, 1, 2)",
    "pydicom": "import pydicom; pydicom.Dataset()",
    "sqlalchemy": "import sqlalchemy as s; s.create_engine('sqlite://').connect()",
    "fastapi": "import fastapi; fastapi.FastAPI()",
    "uvicorn": "import uvicorn; uvicorn.Config(lambda: None)",
    "fsspec": "import fsspec; fsspec.filesystem('file').ls('/')",
    "ray": "import ray; ray.init(num_cpus=1, include_dashboard=False)",
}


def lines(name: str, seconds: float, silenced: bool) -> list[str]:
    """Calls of socket and connect that name the internet."""
    hidden = {HUB, *SILENCED}
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    environment |= {HUB: "1", **SILENCED} if silenced else {}
    program = PROGRAMS[name] + f"\nimport time; time.sleep({seconds})"
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        subprocess.run(
            ["strace", "-f", "-qq", "-e", "trace=socket,connect", "-e", "signal=none",
             "-o", str(trace), sys.executable, "-c", program],
            check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        text = trace.read_text(encoding="utf-8", errors="replace")
    return [line for line in text.splitlines() if "AF_INET" in line]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--only", nargs="+", choices=list(PROGRAMS))
    parser.add_argument("--silenced", action="store_true", help="with the variables set")
    arguments = parser.parse_args()
    names = [n for n in arguments.only or PROGRAMS if importlib.util.find_spec(n) is not None]
    with ThreadPoolExecutor(4) as pool:
        for name, found in zip(
            names,
            pool.map(lambda n: lines(n, arguments.seconds, arguments.silenced), names),
            strict=True,
        ):
            beyond = [line for line in found if "connect(" in line and '"127.' not in line]
            print(
                f"{name} {importlib.metadata.version(name)}: {len(found)} internet calls, "
                f"{len(beyond)} beyond this machine",
                flush=True,
            )


if __name__ == "__main__":
    main()
