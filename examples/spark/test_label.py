"""The job of label.py on a cluster of two executors, one of which is killed in the middle."""

import os
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

pyspark_sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
if shutil.which("java") is None:
    pytest.skip("Java is not installed", allow_module_level=True)

from label import label, label_partition, paths_of  # noqa: E402

ROOT = Path(__file__).parents[2]
MOBINET = ["node", str(ROOT / "dist/cli/main.js")]
MODEL = str(ROOT / "models/mobinet-mid-k3-w25-64.safetensors")
COUNT = 200
PARTITIONS = 8


@pytest.fixture(scope="module")
def spark():
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # Executors import label.py, too.
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)
    session = (
        pyspark_sql.SparkSession.builder.master("local-cluster[2,1,1024]")
        .config("spark.ui.enabled", False)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures, one of which is none."""
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(COUNT):
        shutil.copy(ROOT / "samples/rocket.jpg", folder / f"{index}.jpg")
    (folder / "7.jpg").write_text("not a picture")
    return folder


def kill_an_executor(spark, killed: list[int]) -> None:
    """Kills one when two tasks are done and two run."""
    tracker = spark.sparkContext.statusTracker()
    application = spark.sparkContext.applicationId

    def is_in_the_middle() -> bool:
        stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
        return any(
            stage is not None and stage.numCompletedTasks >= 2 and stage.numActiveTasks == 2
            for stage in stages
            if stage is not None and stage.numTasks == PARTITIONS
        )

    while not is_in_the_middle():
        time.sleep(0.02)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        is_executor = any(b"CoarseGrainedExecutorBackend" in part for part in arguments)
        if is_executor and application.encode() in arguments:
            os.kill(int(process.name), signal.SIGKILL)
            killed.append(int(process.name))
            return


def test_an_executor_killed_in_the_middle(spark, folder, tmp_path):
    killed: list[int] = []
    killer = threading.Thread(target=kill_an_executor, args=(spark, killed), daemon=True)
    killer.start()
    out = str(tmp_path / "labels.parquet")
    label(spark, paths_of(spark, str(folder), None), MOBINET, MODEL, PARTITIONS).write.parquet(out)
    assert len(killed) == 1
    rows = spark.read.parquet(out).collect()
    # None is lost, and none is there twice.
    assert Counter(row.file for row in rows) == Counter(str(path) for path in folder.iterdir())
    bad = [row for row in rows if row.error is not None]
    assert [(Path(row.file).name, row.error.code) for row in bad] == [("7.jpg", "PICTURE_DECODE")]
    assert bad[0].predictions is None
    good = next(row for row in rows if row.error is None)
    assert (good.width, good.height, len(good.predictions)) == (640, 427, 5)


def test_a_table_of_paths_each_once(spark, folder, tmp_path):
    table = str(tmp_path / "table.parquet")
    names = [str(folder / "1.jpg"), str(folder / "1.jpg"), str(folder / "missing.jpg")]
    spark.createDataFrame([(name,) for name in names], "photo string").write.parquet(table)
    rows = label(spark, paths_of(spark, table, "photo"), MOBINET, MODEL, 1).collect()
    errors = {Path(row.file).name: row.error and row.error.code for row in rows}
    assert len(rows) == 2
    assert errors == {"1.jpg": None, "missing.jpg": "FILE_NOT_FOUND"}


def test_what_fails_is_no_row_but_an_error():
    command = ["node", "-e", "process.stderr.write('no such thing'); process.exit(2)", "--"]
    with pytest.raises(RuntimeError, match="ended with 2, after 0 of 1 .*no such thing"):
        list(label_partition(["a.jpg"], command, None))
