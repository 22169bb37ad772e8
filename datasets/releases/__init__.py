"""The release format: an immutable folder of Parquet, a manifest with checksums, and a dataset card.

Pure: pyarrow, numpy and the standard library. Nothing here knows a database; a GPU box reads a release with
`reader.Release`. `manifest`, `checksums`, `splits`, `names`, `zipping` and `errors` load no Arrow, so that a web
process names them and stays small. Hence nothing is imported here.
"""
