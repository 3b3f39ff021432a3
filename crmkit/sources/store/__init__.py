"""The store: Parquet files on disk that a load writes, its keys, its changes and its summary."""
