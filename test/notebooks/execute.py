"""Executes a notebook from a clean kernel and prints it, outputs included, as JSON: execute.py NOTEBOOK."""

import json
import sys
from pathlib import Path
from queue import Empty

import nbformat
from nbclient import NotebookClient

LATE_SECONDS = 0.2

path = Path(sys.argv[1])
notebook = nbformat.read(path, as_version=4)
client = NotebookClient(
    notebook,
    timeout=120,
    kernel_name="deno",
    resources={"metadata": {"path": str(path.parent)}},
)


async def take_late_outputs(cell, cell_index, execute_reply):
    """Deno may send an output after it has said that the cell is done, when nbclient no longer listens."""
    request = execute_reply["parent_header"]["msg_id"]
    while True:
        try:
            message = await client.kc.get_iopub_msg(timeout=LATE_SECONDS)
        except Empty:
            return
        if message["parent_header"].get("msg_id") == request:
            client.process_message(message, cell, cell_index)


client.on_cell_executed = take_late_outputs
client.execute()
json.dump(notebook, sys.stdout)
