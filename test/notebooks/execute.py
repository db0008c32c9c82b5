"""Executes a notebook from a clean kernel and prints it, outputs included, as JSON: execute.py NOTEBOOK."""

import json
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

path = Path(sys.argv[1])
notebook = nbformat.read(path, as_version=4)
NotebookClient(
    notebook,
    timeout=120,
    kernel_name="deno",
    resources={"metadata": {"path": str(path.parent)}},
).execute()
json.dump(notebook, sys.stdout)
