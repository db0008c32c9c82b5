"""Executes a notebook from a clean kernel and prints it, outputs included, as JSON: execute.py NOTEBOOK."""

import json
import queue
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

LATE_SECONDS = 0.5


class LateOutputs(NotebookClient):
    """Deno may send what a cell shows just after it has said that it is idle; this client waits for it."""

    async def async_execute_cell(self, cell, cell_index, **options):
        done = await super().async_execute_cell(cell, cell_index, **options)
        while True:
            try:
                message = await self.kc.get_iopub_msg(timeout=LATE_SECONDS)
            except queue.Empty:
                return done
            if message["msg_type"] != "status":
                self.process_message(message, cell, cell_index)


path = Path(sys.argv[1])
notebook = nbformat.read(path, as_version=4)
LateOutputs(
    notebook,
    timeout=120,
    kernel_name="deno",
    resources={"metadata": {"path": str(path.parent)}},
).execute()
json.dump(notebook, sys.stdout)
