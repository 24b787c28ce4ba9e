"""A Jupyter server in an environment like Binder's, and kernels driven over its REST interface and websockets."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import websocket

SECONDS = 600  # for one message of a kernel: the longest cell of a chapter on a busy machine


class Server:
    """A running server: its address and its token."""

    def __init__(self, port: int, token: str) -> None:
        self.address, self.token = f"127.0.0.1:{port}", token

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        """Send a request to the REST interface, as JupyterLab does; return the answer."""
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(
            Request(f"http://{self.address}/api/{path}", data, headers, method=method), timeout=120
        ) as answer:
            return json.loads(answer.read() or "null")


@contextmanager
def serving(jupyter: Path, folder: Path, environment: dict[str, str]) -> Iterator[Server]:
    """Run a Jupyter server on a folder until it is no longer needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex()
    command = [str(jupyter), "lab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}"]
    command += [
        f"--IdentityProvider.token={token}",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
    ]
    process = subprocess.Popen(command, cwd=folder, env=environment, text=True, stderr=subprocess.PIPE)
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            if "is running at" in line:
                break
        else:
            raise RuntimeError("the server did not start:\n" + "".join(said))
        listener = threading.Thread(
            target=said.extend, args=(process.stderr,)
        )  # a full pipe would stop the server
        listener.start()
        yield Server(port, token)
    finally:
        process.terminate()
        process.wait(60)
    listener.join()
    process.stderr.close()


def is_reply(message: dict) -> bool:
    """Say whether this is the end of a cell: ok, or an error."""
    return message["msg_type"] == "execute_reply"


class Kernel:
    """The kernel of a notebook that was opened on the server."""

    def __init__(self, server: Server, notebook: str) -> None:
        self.server, self.session = server, uuid.uuid4().hex
        wanted = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
        self.opened = server.ask("POST", "sessions", wanted)
        address = f"ws://{server.address}/api/kernels/{self.opened['kernel']['id']}/channels"
        header = [f"Authorization: token {server.token}"]
        self.channel = websocket.create_connection(address, timeout=SECONDS, header=header)

    def tell(self, kind: str, content: dict) -> str:
        """Send a message on the shell channel; return its number."""
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": kind, "session": self.session, "username": "", "date": ""}
        message = {
            "channel": "shell",
            "header": header | {"version": "5.3"},
            "parent_header": {},
            "metadata": {},
        }
        self.channel.send(json.dumps(message | {"content": content}))
        return number

    def send(self, kind: str, content: dict, is_last: Callable[[dict], bool]) -> list[dict]:
        """Send a message on the shell channel; return what the kernel answers and publishes, up to the last one."""
        number = self.tell(kind, content)
        answers = []
        while not answers or not is_last(answers[-1]):
            answer = self.receive()
            if answer["parent_header"].get("msg_id") == number:
                answers.append(answer)
        return answers

    def receive(self) -> dict:
        """Return the next message; one with buffers comes as bytes: their number, where each part begins, the parts."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            opcode, frame = self.channel.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_PING:  # every half minute, while the server has nothing to say
                self.tell(
                    "kernel_info_request", {}
                )  # on a busy machine an answer was seen to wait for the next one
            if opcode == websocket.ABNF.OPCODE_TEXT:
                return json.loads(frame)
            if opcode == websocket.ABNF.OPCODE_BINARY:
                begins = [int.from_bytes(frame[4 * i : 4 * i + 4], "big") for i in (1, 2)]
                return json.loads(frame[begins[0] : begins[1]])
            assert opcode != websocket.ABNF.OPCODE_CLOSE, "the server closed the connection to the kernel"
        raise TimeoutError(f"the kernel said nothing for {SECONDS} seconds")

    def run(self, code: str, is_last: Callable[[dict], bool] = is_reply) -> list[dict]:
        """Run a cell; return what the kernel answers and publishes, up to the last one: its reply."""
        options = {"silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
        return self.send("execute_request", {"code": code, "user_expressions": {}} | options, is_last)

    def close(self) -> None:
        """End the kernel."""
        self.channel.close()
        self.server.ask("DELETE", f"sessions/{self.opened['id']}")
