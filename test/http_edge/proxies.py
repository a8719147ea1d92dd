"""nginx and haproxy in front of a foldlog server, as their packages come: no more is set than what a proxy needs to be one."""

import os
import socket
import subprocess
import time

NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_header_timeout 2s;
  client_body_timeout 2s;
  upstream foldlog {{ server {server}; keepalive 2; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://foldlog;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_request_buffering off;
    }}
  }}
}}
"""

HAPROXY = """
global
  maxconn 256
defaults
  mode http
  timeout connect 10s
  timeout client 5s
  timeout server 60s
  timeout http-request 2s
  timeout http-keep-alive 2s
  http-reuse always
frontend clients
  bind 127.0.0.1:{port}
  default_backend foldlog
backend foldlog
  server node {server}
"""


class Proxy:
    def __init__(self, kind, server, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        path = os.path.join(folder, f"{kind}.conf")
        text = (NGINX if kind == "nginx" else HAPROXY).format(folder=folder, server=server, port=port)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        command = ["nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", path] if kind == "nginx" else ["haproxy", "-db", "-f", path]
        environment = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin"}
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
        self.wait(kind, port)

    def wait(self, kind, port):
        until = time.monotonic() + 30
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"{kind} ended with {self.process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                return
            except ConnectionRefusedError:
                if time.monotonic() > until:
                    self.stop()
                    raise
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
