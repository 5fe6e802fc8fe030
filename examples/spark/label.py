"""Labels pictures with mobinet on a Spark cluster: a table with a row a picture.

    spark-submit label.py photos/ labels.parquet
    spark-submit label.py paths.parquet labels.parquet --column path

Every worker needs Node and mobinet, and reads the pictures by the same paths. README.md says more.
"""

import argparse
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyspark import SparkFiles
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col, from_json, regexp_replace

ROW = """
    file string, width int, height int,
    predictions array<struct<index: int, label: string, score: double>>,
    error struct<code: string, message: string>
"""

PICTURES = "*.{png,PNG,jpg,JPG,jpeg,JPEG,webp,WEBP,avif,AVIF,gif,GIF,tif,TIF,tiff,TIFF}"


def paths_of(spark: SparkSession, source: str, column: str | None) -> DataFrame:
    """The paths to label, each once, as a column `path`: of a table's column, or of a folder."""
    if column is not None:
        kind = Path(source).suffix.removeprefix(".") or "parquet"
        table = spark.read.format(kind).option("header", True).load(source)
        return table.select(col(column).cast("string").alias("path")).distinct()
    # Only the names are read: the column with the content is not selected.
    folder = (
        spark.read.format("binaryFile")
        .option("recursiveFileLookup", True)
        .option("pathGlobFilter", PICTURES)
        .load(source)
    )
    return folder.select(regexp_replace("path", "^file:/+", "/").alias("path"))


def label_partition(
    paths: Iterable[str], command: list[str], model: str | None
) -> Iterator[str]:
    """A line of JSON for each path, from one process of mobinet.

    Raises where mobinet fails or a line is missing, so that Spark tries the partition again; a
    picture that cannot be read is a line with its error.
    """
    wanted = set(paths)
    if not wanted:
        return
    model_options = ["--model", SparkFiles.get(model)] if model else []
    arguments = [*command, "classify", "--ndjson", "--jobs", "1", *model_options, "-"]
    with tempfile.TemporaryFile("w+") as complaints:
        with subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            encoding="utf-8",
        ) as process:
            # All of the list is read before the first line is written.
            process.stdin.write("\n".join(wanted))
            process.stdin.close()
            count = 0
            for line in process.stdout:
                count += 1
                yield line
        if process.returncode not in (0, 1) or count != len(wanted):
            complaints.seek(0)
            raise RuntimeError(
                f"mobinet ended with {process.returncode}, after {count} of {len(wanted)} pictures: "
                f"{complaints.read()[-2000:]}"
            )


def label(
    spark: SparkSession,
    paths: DataFrame,
    command: list[str],
    model: str | None = None,
    partitions: int | None = None,
) -> DataFrame:
    """The rows of the paths in the column `path`.

    command: what starts mobinet on a worker; model: a file, which is shipped with the job.
    """
    if model is not None:
        spark.sparkContext.addFile(model)
    name = Path(model).name if model is not None else None
    count = partitions or 4 * spark.sparkContext.defaultParallelism
    # By the path's hash, so that a partition that is tried again has the same paths.
    spread = paths.repartition(count, "path").rdd.map(lambda row: row.path)
    lines = spread.mapPartitions(lambda part: label_partition(part, command, name))
    table = spark.createDataFrame(lines.map(lambda line: (line,)), "line string")
    return table.select(from_json("line", ROW).alias("row")).select("row.*")


def main() -> None:
    parser = argparse.ArgumentParser(description="Labels pictures with mobinet on Spark.")
    parser.add_argument("source", help="a folder of pictures, or a table with --column")
    parser.add_argument("out", help="the Parquet table to write; must not be there")
    parser.add_argument("--column", help="of the table's paths")
    parser.add_argument("--model", help="a model file, shipped with the job")
    parser.add_argument("--partitions", type=int, help="default: four a core")
    parser.add_argument("--mobinet", default="mobinet", help="what starts it on a worker")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("mobinet").getOrCreate()
    paths = paths_of(spark, options.source, options.column)
    command = shlex.split(options.mobinet)
    # A task's rows are written when it is done, once, however often it was tried.
    label(spark, paths, command, options.model, options.partitions).write.parquet(options.out)
    spark.stop()


if __name__ == "__main__":
    main()
