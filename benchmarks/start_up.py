"""Seconds from the command to the served page, beside the smallest Gradio app.

python benchmarks/start_up.py [--repeat 7]

Both are started in turn, warm disk, and asked for / until it answers. The minimal app imports gradio the plain
way and serves one text field; the studio serves its whole page. `cpu` is the processor time until then.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from reporting import child_cpu_seconds, report

ROOT = Path(__file__).resolve().parent.parent
MINIMAL = """
import sys
import gradio as gr
with gr.Blocks(analytics_enabled=False) as demo:
    gr.Textbox(label="Hello")
demo.launch(server_port=int(sys.argv[1]), quiet=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=7)
    chosen = parser.parse_args()
    arms: dict[str, list[dict[str, float]]] = {"studio": [], "minimal Gradio app": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(-1, chosen.repeat):  # the first of each only warms the disk
            for name in arms:
                port = free_port()
                studio = ["-m", "studio", "ui", "--port", str(port), "--home", folder, "--no-browser"]
                words = studio if name == "studio" else ["-c", MINIMAL, str(port)]
                used = child_cpu_seconds()
                seconds = until_served([sys.executable, *words], port)
                if number >= 0:
                    arms[name].append({"seconds": seconds, "cpu": child_cpu_seconds() - used})
    report("start_up", arms, "studio", ["seconds", "cpu"])


def until_served(command: list[str], port: int) -> float:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False"}
    before = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
                    answer.read()
                return time.perf_counter() - before
            except OSError as error:
                if process.poll() is not None:
                    raise SystemExit(f"{command} ended with {process.returncode}") from error
                time.sleep(0.02)
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


if __name__ == "__main__":
    main()
