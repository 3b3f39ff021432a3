"""A Spark Connect server of the tests' own, from the jars of PyPI's pyspark, and Parquet files as its tables."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path

_PATIENCE = 180  # s
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.shuffle.partitions": "1",  # small tables: the work is in planning and compiling queries
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@contextmanager
def running_spark(folder: Path, tables: dict[str, Path]) -> Iterator[str]:
    """Start a server whose default schema has Parquet files as tables, and yield its address; stop it in the end."""
    import pyspark

    if find_spec("grpc") is None:  # the client needs it: say so before a minute is spent on the server
        raise ImportError("no grpcio: install crmkit with its extra spark")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise FileNotFoundError("no Java: install openjdk-17-jre-headless")
    home, port = Path(pyspark.__file__).parent, _free_port()
    given = _SETTINGS | {
        "spark.connect.grpc.binding.port": str(port),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    options = [part for key, value in given.items() for part in ("--conf", f"{key}={value}")]
    command = [str(home / "bin" / "spark-submit"), "--master", "local[2]", *options]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    with (folder / "log").open("wb") as log:
        environment = os.environ | {"SPARK_HOME": str(home)}
        started = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=folder)
    try:
        _wait_for(port, started)
        _make_tables(f"sc://127.0.0.1:{port}", tables)
        yield f"sc://127.0.0.1:{port}"
    finally:
        started.terminate()
        started.wait(_PATIENCE)


def _make_tables(url: str, tables: dict[str, Path]) -> None:
    from pyspark.sql.connect.session import SparkSession

    session = SparkSession.builder.remote(url).create()
    for name, file in tables.items():
        session.sql(f"CREATE TABLE {name} USING parquet LOCATION '{file}'").collect()
    session.stop()


def _wait_for(port: int, started: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if started.poll() is not None or time.monotonic() > until:
            raise OSError("the Spark Connect server does not start")
        time.sleep(0.3)


def _free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
